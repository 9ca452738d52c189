import { expect } from 'chai';
import {
  needsDovecot,
  startDovecot,
  startOAuthServer,
  startSmtpSink,
  until,
  type Dovecot,
  type OAuthServer,
  type SmtpSink,
} from '@helpdesk/core/testing';
import { createInbox, mail, type Inbox } from './support/inbox.ts';

describe('a mailbox that signs in at its provider', () => {
  let inbox: Inbox;
  let provider: OAuthServer;
  let imap: Dovecot;
  let sink: SmtpSink;
  before(needsDovecot);
  beforeEach(async () => {
    inbox = await createInbox({ privateHosts: ['127.0.0.1'] });
    provider = await startOAuthServer({ now: () => inbox.desk.clock.now() });
    [imap, sink] = await Promise.all([
      startDovecot({ introspectionUrl: `${provider.url}/introspect` }),
      startSmtpSink({
        authOptional: false,
        authMethods: ['XOAUTH2'],
        onAuth: (auth, _session, done) =>
          done(provider.isValid(auth.accessToken ?? '') ? null : new Error('Invalid token'), { user: auth.username ?? '' }),
      }),
    ]);
    await inbox.desk.app.desk.settings.set('mail-sign-in', {
      otherClientId: 'desk',
      otherClientSecret: 'desk-secret',
      otherAuthorizeUrl: `${provider.url}/authorize`,
      otherTokenUrl: `${provider.url}/token`,
      otherScopes: 'mail',
    });
  });
  afterEach(async () => {
    await inbox.desk.close();
    await Promise.all([imap.close(), sink.close()]);
    await provider.close();
  });

  const add = (): Promise<unknown> =>
    inbox.command('mailbox add', [], {
      address: 'support@desk.example',
      name: 'Support',
      'sign-in': 'other',
      imap: `imap://127.0.0.1:${imap.port}`,
      smtp: `smtp://127.0.0.1:${sink.port}`,
    });
  const signIn = async (signInAt: string): Promise<void> => {
    const cookie = await inbox.desk.cookie('ada');
    const start = await inbox.desk.fetch(new URL(signInAt).pathname, { headers: { Cookie: cookie } });
    const answer = await fetch(start.headers.get('Location') ?? '', { redirect: 'manual' });
    const { pathname, search } = new URL(answer.headers.get('Location') ?? '');
    await inbox.desk.fetch(`${pathname}${search}`, { headers: { Cookie: cookie } });
  };
  const deliver = (subject: string): void => imap.deliver('support@desk.example', [mail({ Subject: subject, From: 'someone@x.example' })]);
  const failing = (): Promise<string> =>
    inbox.command('mail fetch').then(
      () => '',
      (error: { details: { message: string } }) => error.details.message,
    );

  it('O6: is added without a password, waits for the sign-in, then receives what comes from then on, and sends', async () => {
    const { desk } = inbox;
    deliver('Before');
    const { signInAt } = (await add()) as { signInAt: string };
    const waiting = await failing();
    await signIn(signInAt);
    await inbox.command('mail fetch');
    deliver('After');
    await inbox.command('mail fetch');
    await desk.settle();
    const test = await inbox.command('mailbox test', ['support@desk.example']);

    expect(signInAt).to.equal(`http://desk.example/admin/mailboxes/${inbox.mailboxId}/sign-in/other`);
    expect(waiting).to.include('has to be signed in at its provider');
    expect(await desk.storage.read('tickets').pluck('subject')).to.deep.equal(['After']);
    expect(sink.mails.map(({ to }) => to)).to.deep.equal([['someone@x.example']]);
    expect(test).to.deep.equal({ address: 'support@desk.example', receiving: '2 mails in the folder', sending: 'signed in' });
  });

  it('O6: is set up in the form without a password, and says when the provider no longer takes it', async () => {
    const { desk } = inbox;
    const { signInAt } = (await add()) as { signInAt: string };
    const path = `/admin/p/email-inbox/mailboxes/${inbox.mailboxId}`;
    const form = {
      active: 'on',
      host: '127.0.0.1',
      port: String(imap.port),
      encryption: 'auto',
      user: 'support@desk.example',
      folder: 'INBOX',
    };
    const send = async (step: string) =>
      desk.fetch(path, { method: 'POST', as: 'ada', body: new URLSearchParams({ ...form, filedMail: 'seen', step }) });
    const before = await (await desk.fetch(path, { as: 'ada' })).text();
    await signIn(signInAt);
    const shown = await (await desk.fetch(path, { as: 'ada' })).text();
    const saved = await send('save');
    provider.revokeAll();
    desk.clock.advance(3_600_000);
    const refused = await (await send('test')).text();

    expect(before).to.include('name="password"').and.include(`/admin/mailboxes/${inbox.mailboxId}/sign-in/other`);
    expect(shown).to.not.include('name="password"');
    expect(shown).to.include('it needs no password here');
    expect(saved.status).to.equal(303);
    expect(refused).to.include('no longer accepts the sign-in of this mailbox');
  });

  it('O6: a mailbox whose password was refused is tried again once it is signed in', async () => {
    const { signInAt } = (await add()) as { signInAt: string };
    const row = () => inbox.desk.storage.read('p_email_receivers').first('state', 'failures');
    await inbox.desk.storage.writeTx((tx) => tx('p_email_receivers').update({ state: 'refused', failures: 3, last_error: 'No.' }));

    await signIn(signInAt);
    await until(async () => (await row()).state === 'active');

    expect(await row()).to.deep.equal({ state: 'active', failures: 0 });
  });

  it('O6: names what is missing when the provider is not set up or a password was given', async () => {
    const refusal = (more: object): Promise<string> =>
      inbox.command('mailbox add', [], { address: 'a@desk.example', name: 'A', ...more }).then(
        () => '',
        (error: { code: string }) => error.code,
      );

    expect(await refusal({ 'sign-in': 'google' })).to.equal('mail.provider-not-set-up');
    expect(await refusal({ 'sign-in': 'other', imap: 'imaps://a:b@h.example', smtp: 'smtps://h.example' })).to.equal('cli.usage');
    expect(await refusal({ 'sign-in': 'other' })).to.equal('cli.usage');
  });
});
