import { expect } from 'chai';
import { createTestDesk, startSmtpSink, type SmtpSink, type TestDesk } from '#core/testing/index.js';
import { saveMailbox, type Mailbox } from '#core/mail/index.js';
import { changeStatus, openTicket, reply, seeTicket, undoReply, type Ticket } from '#core/tickets/index.js';
import { editUser, systemActor } from '#core/users/index.js';

const code = (error: { code: string }): string => error.code;

describe('the outbox', () => {
  let desk: TestDesk;
  let sink: SmtpSink;
  let mailbox: Mailbox;
  let ticket: Ticket;
  beforeEach(async () => {
    desk = await createTestDesk();
    sink = await startSmtpSink();
    mailbox = await saveMailbox(desk.app.desk, systemActor, {
      name: 'Support',
      address: 'support@example.com',
      signature: 'Kind regards',
      transport: { host: '127.0.0.1', port: sink.port, encryption: 'auto', isOperators: true },
    });
    ({ ticket } = await openTicket(desk.app.desk, systemActor, {
      subject: 'Fatura nerede?',
      requester: { email: 'customer@example.org', name: 'Ayşe' },
      message: {
        text: 'Fatura gelmedi.',
        messageId: '<first@example.org>',
        addresses: { from: { email: 'customer@example.org', name: 'Ayşe' } },
      },
      channel: 'email',
      mailboxId: mailbox.id,
    }));
  });
  afterEach(async () => {
    await desk.close();
    await sink.close();
  });

  const answer = (text: string, more: { undoMs?: number; cc?: { email: string }[]; html?: string } = {}) =>
    reply(desk.app.desk, desk.actor('can'), ticket.id, { kind: 'reply', text, ...more });
  const lastReply = () => desk.storage.read('outbox').where({ kind: 'reply' }).orderBy('id', 'desc').first();
  const replies = () => sink.mails.filter(({ raw }) => !/^auto-submitted:/im.test(raw.toString()));

  it('sends an answer in the thread of the mail it answers', async () => {
    await answer('It is attached now.');
    await desk.settle();

    const raw = replies()[0]?.raw.toString() ?? '';
    expect(replies()[0]?.to).to.deep.equal(['customer@example.org']);
    expect(raw).to.match(/^in-reply-to: <first@example\.org>$/im);
    expect(raw).to.match(/^references: <first@example\.org>$/im);
    expect(raw).to.match(/^from: "?Support"? <support@example\.com>$/im);
    expect(raw).to.contain('It is attached now.').and.contain('Kind regards').and.contain('> Fatura gelmedi.');
    expect(raw).to.not.match(/^auto-submitted/im);
  });

  it('keeps recipients and sender as they were when the answer was saved', async () => {
    await answer('For Ayse.', { undoMs: 10_000 });
    await desk.storage.writeTx((tx) =>
      tx('user_emails').where({ email_key: 'customer@example.org' }).update({ email: 'other@example.org', email_key: 'other@example.org' }),
    );
    await saveMailbox(desk.app.desk, systemActor, { name: 'Renamed', address: 'renamed@example.com' }, mailbox.id);
    desk.clock.advance(10_001);
    await desk.settle();

    expect(replies().map(({ from, to }) => ({ from, to }))).to.deep.equal([{ from: 'support@example.com', to: ['customer@example.org'] }]);
  });

  it('lets an answer be taken back while it is held, and the text is a draft again', async () => {
    const message = await answer('Too early.', { undoMs: 10_000, html: '<p>Too <b>early</b>.</p>' });
    await undoReply(desk.app.desk, desk.actor('can'), message.id);
    desk.clock.advance(60_000);
    await desk.settle();

    expect(replies()).to.deep.equal([]);
    expect((await seeTicket(desk.app.desk, desk.actor('can'), ticket.id)).category).to.equal('open');
    expect(await desk.storage.read('drafts').select('user_id', 'kind', 'html')).to.deep.equal([
      { user_id: desk.people.can.id, kind: 'reply', html: '<p>Too <b>early</b>.</p>' },
    ]);
    expect((await seeTicket(desk.app.desk, desk.actor('can'), ticket.id)).messageCount).to.equal(1);
  });

  it('lets exactly one of undo and sending win', async () => {
    const message = await answer('Now or never.', { undoMs: 1000 });
    desk.clock.advance(1001);

    const [undone] = await Promise.allSettled([undoReply(desk.app.desk, desk.actor('can'), message.id), desk.settle()]);
    await desk.settle();

    const state = (await desk.storage.read('outbox').where({ message_ref: message.id }).first('state')).state;
    expect([undone.status, state, replies().length]).to.be.deep.oneOf([
      ['fulfilled', 'undone', 0],
      ['rejected', 'sent', 1],
    ]);
  });

  it('tries again after a passing refusal, under the same Message-ID', async () => {
    sink.refuseWith = { code: 451, message: 'Greylisted' };
    await answer('Patience.');
    await desk.settle();
    const waiting = await lastReply();
    sink.refuseWith = undefined;
    desk.clock.advance(3_700_000);
    await desk.settle();

    expect(waiting).to.include({ state: 'queued', attempts: 1 });
    expect(waiting?.error).to.contain('Greylisted');
    expect(replies()).to.have.length(1);
    expect(replies()[0]?.raw.toString()).to.contain(waiting?.message_id);
  });

  it('is certain that a server which was not reached has no copy', async () => {
    await sink.close();
    await answer('Hello.');
    await desk.settle();

    const waiting = await lastReply();
    expect([waiting?.state, Boolean(waiting?.may_be_doubled)]).to.deep.equal(['queued', false]);

    desk.clock.advance(60_000);
    await desk.settle();
    expect(Boolean((await lastReply())?.may_be_doubled)).to.equal(false);
  });

  it('shows that one of several recipients was refused, and tries again with that one alone', async () => {
    let isGone = true;
    const strict = await startSmtpSink({
      onRcptTo: ({ address }, _session, done) =>
        done(isGone && address === 'gone@example.org' ? Object.assign(new Error('No such mailbox'), { responseCode: 550 }) : null),
    });
    const { name, address } = mailbox;
    const transport = { host: '127.0.0.1', port: strict.port, encryption: 'auto', isOperators: true } as const;
    await saveMailbox(desk.app.desk, systemActor, { name, address, transport }, mailbox.id);
    const message = await answer('Hello all.', { cc: [{ email: 'gone@example.org' }] });
    await desk.settle();
    const failed = await desk.storage.read('outbox').where({ message_ref: message.id }).first('id', 'state', 'error');
    isGone = false;
    await desk.app.desk.mail.retry(desk.actor('can'), failed.id);
    await desk.settle();
    desk.app.desk.mail.transports.close();
    await strict.close();

    expect(failed.state).to.equal('failed');
    expect(failed.error).to.contain('gone@example.org').and.contain('No such mailbox');
    const copies = strict.mails.filter(({ raw }) => raw.includes('Hello all.'));
    expect(copies.map(({ to }) => to)).to.deep.equal([['customer@example.org'], ['gone@example.org']]);
  });

  it('shows a final refusal with the words of the server, tells the author and can be tried again', async () => {
    sink.refuseWith = { code: 550, message: 'No such mailbox' };
    const message = await answer('Hello?');
    await desk.settle();
    const failed = await desk.storage.read('outbox').where({ message_ref: message.id }).first('id', 'state', 'error');
    sink.refuseWith = undefined;
    await desk.app.desk.mail.retry(desk.actor('can'), failed.id);
    await desk.settle();

    expect(failed).to.deep.include({ state: 'failed' });
    expect(failed.error).to.contain('No such mailbox');
    expect(await desk.storage.read('notifications').where({ kind: 'delivery-failed', user_id: desk.people.can.id })).to.have.length(1);
    expect(replies()).to.have.length(1);
    expect(await desk.app.desk.mail.retry(desk.actor('can'), failed.id).catch(code)).to.equal('outbox.not-failed');
  });

  it('waits when the server refuses the sign-in, since that says nothing of the mail', async () => {
    const strict = await startSmtpSink({ authOptional: false, onAuth: (_auth, _session, done) => done(new Error('Wrong password')) });
    await saveMailbox(
      desk.app.desk,
      systemActor,
      {
        name: 'Support',
        address: 'support@example.com',
        transport: { host: '127.0.0.1', port: strict.port, encryption: 'auto', user: 'support', isOperators: true },
        smtpPassword: 'old',
      },
      mailbox.id,
    );
    const message = await answer('Soon.');
    await desk.settle();

    expect(await desk.storage.read('outbox').where({ message_ref: message.id }).first('state')).to.deep.equal({ state: 'queued' });
    await strict.close();
  });

  it('never lets a stored password travel to another server', async () => {
    const account = { host: '127.0.0.1', port: sink.port, encryption: 'auto', user: 'support', isOperators: true } as const;
    await saveMailbox(
      desk.app.desk,
      systemActor,
      { name: 'Support', address: 'support@example.com', transport: account, smtpPassword: 'secret' },
      mailbox.id,
    );

    const moved = await saveMailbox(
      desk.app.desk,
      systemActor,
      { name: 'Support', address: 'support@example.com', transport: { ...account, host: '127.0.0.2' } },
      mailbox.id,
    ).catch(code);

    expect(moved).to.equal('mailboxes.password-again');
  });

  it('sends nothing to an address that a recipient field smuggles in', async () => {
    const refused = await answer('x', { cc: [{ email: 'a@example.org>, <evil@example.net' }] }).catch(code);

    expect(refused).to.equal('mail.recipient-invalid');
    expect(await desk.storage.read('outbox').where({ kind: 'reply' })).to.deep.equal([]);
  });

  it('never copies the desk to itself', async () => {
    await answer('Hi', { cc: [{ email: 'Support@Example.com' }, { email: 'boss@example.org' }, { email: 'BOSS@example.org' }] });
    await desk.settle();

    expect(replies()[0]?.to).to.deep.equal(['customer@example.org', 'boss@example.org']);
  });

  it('stops two machines that answer each other', async () => {
    const send = () =>
      desk.storage.writeTx((tx) =>
        desk.app.desk.mail.queueAutomatic(
          tx,
          { kind: 'acknowledgement', to: { email: 'robot@example.org' }, mailbox, subject: 'Received', text: 'We have it.' },
          undefined,
        ),
      );
    const sent: boolean[] = [];
    for (let hour = 0; hour < 24; hour += 1) {
      sent.push(await send(), await send());
      desk.clock.advance(3_600_001);
    }

    expect(sent.filter(Boolean)).to.have.length(5);
  });

  it('marks automatic mail as such', async () => {
    await editUser(desk.app.desk, desk.actor('can'), desk.people.can.id, {
      preferences: { notifications: { 'new-ticket': { inApp: true, byMail: true } } },
    });
    await openTicket(desk.app.desk, desk.actor('mina'), {
      subject: 'New',
      requester: { userId: desk.people.mina.id },
      message: { text: 'x' },
      channel: 'portal',
    });
    await desk.settle();

    const notice = sink.mails.find(({ to }) => to.includes('can@example.com'))?.raw.toString() ?? '';
    expect(notice)
      .to.match(/^auto-submitted: auto-generated$/im)
      .and.match(/^x-auto-response-suppress: All$/im);
  });

  it('leaves the status alone when a plugin objects to solving', async () => {
    desk.app.desk.hooks.forPlugin('core', 0).decide('ticket.close', () => ({ reason: 'The checklist is open.' }));

    expect(await changeStatus(desk.app.desk, desk.actor('can'), ticket.id, 'solved').catch(code)).to.equal('tickets.close-refused');
    expect((await seeTicket(desk.app.desk, desk.actor('can'), ticket.id)).category).to.equal('open');
  });
});
