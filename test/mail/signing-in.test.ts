import { expect } from 'chai';
import {
  createTestDesk,
  startOAuthServer,
  startSmtpSink,
  until,
  type OAuthServer,
  type SmtpSink,
  type TestDesk,
} from '#core/testing/index.js';
import { saveMailbox, type Mailbox } from '#core/mail/index.js';
import { openTicket, reply } from '#core/tickets/index.js';
import { systemActor } from '#core/users/index.js';

const hour = 3_600_000;

describe('signing a mailbox in at its provider', () => {
  let desk: TestDesk;
  let provider: OAuthServer;
  let sink: SmtpSink;
  let mailbox: Mailbox;
  let cookie: string;
  let ticketId: number;
  const tokens: string[] = [];
  beforeEach(async () => {
    desk = await createTestDesk({ privateHosts: ['127.0.0.1'] });
    provider = await startOAuthServer({ now: () => desk.clock.now() });
    tokens.length = 0;
    sink = await startSmtpSink({
      authOptional: false,
      authMethods: ['XOAUTH2', 'PLAIN'],
      onAuth: (auth, _session, done) => {
        tokens.push(auth.accessToken ?? '');
        done(provider.isValid(auth.accessToken ?? '') ? null : new Error('Invalid token'), { user: auth.username ?? '' });
      },
    });
    mailbox = await saveMailbox(desk.app.desk, systemActor, {
      name: 'Support',
      address: 'support@desk.example',
      transport: { host: '127.0.0.1', port: sink.port, encryption: 'auto', user: 'support@desk.example', isOperators: true },
    });
    await desk.app.desk.settings.set('mail-sign-in', {
      otherClientId: 'desk',
      otherClientSecret: 'desk-secret',
      otherAuthorizeUrl: `${provider.url}/authorize`,
      otherTokenUrl: `${provider.url}/token`,
      otherScopes: 'mail',
    });
    cookie = await desk.cookie('ada');
    ({
      ticket: { id: ticketId },
    } = await openTicket(desk.app.desk, systemActor, {
      subject: 'Printer',
      requester: { email: 'customer@example.org' },
      message: { text: 'It smokes.' },
      channel: 'email',
      mailboxId: mailbox.id,
    }));
  });
  afterEach(async () => {
    await desk.close();
    await sink.close();
    await provider.close();
  });

  const get = (path: string, as = cookie): Promise<Response> => desk.fetch(path, { headers: { Cookie: as } });
  /** What the browser comes back with from the provider. */
  const agree = async (): Promise<string> => {
    const start = await get(`/admin/mailboxes/${mailbox.id}/sign-in/other`);
    expect(start.status).to.equal(303);
    const answer = await fetch(start.headers.get('Location') ?? '', { redirect: 'manual' });
    const back = new URL(answer.headers.get('Location') ?? '');
    return `${back.pathname}${back.search}`;
  };
  const flashOf = (response: Response): string =>
    Buffer.from(/hd_flash=([^;]*)/.exec(response.headers.get('Set-Cookie') ?? '')?.[1] ?? '', 'base64url').toString();
  const token = () => desk.app.desk.mail.accessToken(mailbox.id, '127.0.0.1');
  const answer = (text: string) => reply(desk.app.desk, desk.actor('can'), ticketId, { kind: 'reply', text });

  it('O6: signs in with PKCE from the page of the mailbox and sends with XOAUTH2', async () => {
    const back = await get(await agree());
    await answer('It is out.');
    await desk.settle();
    const page = await (await get(`/admin/mailboxes/${mailbox.id}`)).text();

    expect(flashOf(back)).to.include('flash.saved');
    expect(sink.mails.filter(({ raw }) => raw.includes('It is out.'))).to.have.length(1);
    expect(tokens.every((one) => provider.isValid(one))).to.equal(true);
    expect(page).to.include('Signed in as support@desk.example').and.include('http://desk.example/admin/mailboxes/signed-in');
    expect(page).to.not.include(tokens[0] ?? 'none');
    expect(provider.refused).to.deep.equal([]);
  });

  it('O6: a state works once, for ten minutes, and only in the session that asked for it', async () => {
    const stolen = await get(await agree(), await desk.cookie('ada'));
    const path = await agree();
    const first = await get(path);
    const again = await get(path);
    const late = await agree();
    desk.clock.advance(11 * 60_000);

    expect(flashOf(stolen)).to.include('sign-in-expired');
    expect(flashOf(first)).to.include('flash.saved');
    expect(flashOf(again)).to.include('sign-in-expired');
    expect(flashOf(await get(late))).to.include('sign-in-expired');
    expect((await get(`/admin/mailboxes/${mailbox.id}/sign-in/other`, await desk.cookie('can'))).status).to.equal(403);
  });

  // Also nodemailer #1485.
  it('O6: renews at four fifths of the life, once for all who ask, and keeps the rotated token first (nodemailer #1685)', async () => {
    await get(await agree());
    const one = await token();
    desk.clock.advance(0.79 * hour);
    const same = await token();
    desk.clock.advance(0.02 * hour);
    const many = await Promise.all(Array.from({ length: 20 }, token));

    expect(same).to.equal(one);
    expect(provider.refreshes).to.equal(1);
    expect(many.every((given) => given !== undefined && provider.isValid(given))).to.equal(true);
    expect(await desk.storage.read('mail_accounts').first()).to.include({ state: 'active', lease_owner: null });
  });

  it('O6: a renewed token that comes back after somebody signed in again does not take the place of theirs', async () => {
    await get(await agree());
    desk.clock.advance(hour);
    let release: () => void = () => undefined;
    provider.hold = new Promise((resolve) => (release = resolve));
    const late = token();
    await until(() => provider.refreshes > 0);
    await get(await agree());
    const theirs = await token();
    provider.hold = undefined;

    release();

    expect(await late).to.equal(theirs);
    expect(await token()).to.equal(theirs);
    desk.clock.advance(hour);
    expect(provider.isValid((await token()) ?? '')).to.equal(true);
    expect(provider.refused).to.deep.equal([]);
  });

  it('O6: rotates refresh tokens for 100 simulated days without failure', async function () {
    this.timeout(120_000);
    await get(await agree());
    provider.lifeMs = 4 * hour;
    let bad = 0;
    for (let hours = 0; hours < 2400; hours += 4) {
      desk.clock.advance(4 * hour);
      const given = await token();
      if (given === undefined || !provider.isValid(given)) bad += 1;
    }

    expect(bad).to.equal(0);
    expect(provider.refreshes).to.equal(600);
    expect(provider.refused).to.deep.equal([]);
  });

  it('O6: an invalid_grant means "sign in again": told once, nothing is lost, and signing in again sends it', async () => {
    await get(await agree());
    provider.revokeAll();
    desk.clock.advance(hour);
    const message = await answer('It is out.');
    for (let tries = 0; tries < 3; tries += 1) {
      await desk.settle();
      desk.clock.advance(6 * 60_000);
    }
    const waiting = await desk.storage.read('outbox').where({ message_ref: message.id }).first();
    const page = await (await get(`/admin/mailboxes/${mailbox.id}`)).text();
    const alerts = await desk.storage.read('notifications').where({ kind: 'signed-out' }).pluck('user_id');
    await get(await agree());
    await desk.app.desk.mail.retry(desk.actor('can'), waiting.id).catch(() => undefined);
    desk.clock.advance(hour / 2);
    await desk.settle();

    expect(waiting.state).to.equal('queued');
    expect(provider.refused).to.have.length(1);
    expect(page).to.include('The provider no longer takes this sign-in');
    expect(alerts).to.deep.equal([desk.people.ada.id]);
    expect(await desk.storage.read('outbox').where({ message_ref: message.id }).first()).to.include({ state: 'sent' });
  });

  it('O6: a token goes to no server but the one it was given for', async () => {
    await get(await agree());
    const { name, address } = mailbox;
    const transport = { host: '127.0.0.2', port: sink.port, encryption: 'auto', user: address, isOperators: true } as const;
    await saveMailbox(desk.app.desk, systemActor, { name, address, transport }, mailbox.id);

    expect(await token()).to.equal(undefined);
    expect(await desk.storage.read('secrets').where('key', 'like', '%token')).to.deep.equal([]);
  });

  it('O6: says that Microsoft takes no passwords when it answers 535 5.7.139 (nodemailer #1726)', async () => {
    const microsoft = await startSmtpSink({
      authOptional: false,
      onAuth: (_auth, _session, done) =>
        done(
          Object.assign(new Error('5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.'), {
            responseCode: 535,
          }),
        ),
    });
    const { name, address } = mailbox;
    const transport = { host: '127.0.0.1', port: microsoft.port, encryption: 'auto', user: address, isOperators: true } as const;
    await saveMailbox(desk.app.desk, systemActor, { name, address, transport, smtpPassword: 'old' }, mailbox.id);
    const body = new URLSearchParams({ name, address, host: '127.0.0.1', port: String(microsoft.port), encryption: 'auto', user: address });
    const page = await desk.fetch(`/admin/mailboxes/${mailbox.id}/test`, { method: 'POST', as: 'ada', body });
    await answer('It is out.');
    await desk.settle();
    const { number } = await desk.storage.read('tickets').where({ id: ticketId }).first('number');
    const ticketPage = await desk.fetch(`/desk/tickets/${number}`, { as: 'can' });
    await microsoft.close();

    expect(await page.text()).to.include('Microsoft has switched off passwords');
    expect(await ticketPage.text()).to.include('Microsoft has switched off passwords');
  });
});
