import { expect } from 'chai';
import { startSmtpSink, type SmtpSink } from '@helpdesk/core/testing';
import { createInbox, mail, type Inbox } from '../support/inbox.ts';

const minute = 60_000;
// 1,000 by hand: STORM_SENDERS=1000.
const senders = Number(process.env['STORM_SENDERS'] ?? 60);

describe('a storm of mail that machines answer (mail.md L15)', () => {
  let sink: SmtpSink;
  beforeEach(async () => {
    sink = await startSmtpSink();
  });
  afterEach(() => sink.close());

  it(`${senders} senders that answer everything: each gets at most one acknowledgement in the first hour, and it ends by itself`, async function () {
    this.timeout(1_800_000);
    const inbox = await createInbox({ smtpPort: sink.port });
    for (let index = 0; index < senders; index += 1)
      await inbox.command('mail pipe', [], {}, mail({ From: `robot${index}@storm.example`, Subject: 'I am away' }));
    await inbox.desk.settle();
    let answered = 0;
    let rounds = 0;
    // Robots that hide what they are: a new subject, no Auto-Submitted, no reference to what they answer.
    while (answered < sink.mails.length && rounds < 6) {
      rounds += 1;
      const news = sink.mails.slice(answered).filter(({ to }) => to[0]?.endsWith('@storm.example') === true);
      answered = sink.mails.length;
      for (const { to } of news) await inbox.command('mail pipe', [], {}, mail({ From: to[0], Subject: `I am still away ${rounds}` }));
      inbox.desk.clock.advance(minute);
      await inbox.desk.settle();
    }

    const perRobot = new Map<string, number>();
    for (const { to } of sink.mails) for (const one of to) perRobot.set(one, (perRobot.get(one) ?? 0) + 1);
    const robots = [...perRobot].filter(([address]) => address.endsWith('@storm.example'));
    expect(robots).to.have.length(senders);
    expect(Math.max(...robots.map(([, mails]) => mails))).to.equal(1);
    // As many rounds as minutes in which the mailbox may send them all (mail.md O7).
    expect(rounds).to.equal(Math.ceil(senders / 300));
    expect(await inbox.desk.storage.read('tickets').count({ n: '*' }).first()).to.deep.equal({ n: 2 * senders });
    expect(await inbox.desk.violations()).to.deep.equal([]);
    await inbox.desk.close();
  });

  it('two desks that write to each other end with the numbers of the budget, and say so once', async function () {
    this.timeout(300_000);
    const one = await createInbox({ smtpPort: sink.port });
    const two = await createInbox({ smtpPort: sink.port, database: 'sqlite', address: 'help@other.example' });
    // Marks are lost on the way, as with gateways that rewrite mail, and each round starts a new conversation.
    const rewritten = (raw: Buffer, round: number): Buffer =>
      Buffer.from(
        raw
          .toString('latin1')
          .replace(
            /^(?:Auto-Submitted|X-Auto-Response-Suppress|Precedence|X-Desk-Loop|In-Reply-To|References):.*(?:\r?\n[ \t].*)*\r?\n/gim,
            '',
          )
          .replace(/^Message-ID:\s*\S+/im, `Message-ID: <gateway-${round}@gateway.example>`)
          .replace(/^Subject: .*$/im, `Subject: Message ${round}`),
        'latin1',
      );
    let seen = 0;
    let rounds = 0;
    const deliver = async (inbox: Inbox, raw: Buffer): Promise<void> => void (await inbox.receive(rewritten(raw, rounds)));
    await one.receive(mail({ From: 'help@other.example' }));
    // A day in steps of ten minutes; each desk gets whatever the other sent it.
    for (let step = 0; step < 144; step += 1) {
      while (seen < sink.mails.length) {
        const next = sink.mails[seen];
        seen += 1;
        rounds += 1;
        if (next?.to.includes('help@other.example') === true) await deliver(two, next.raw);
        else if (next?.to.includes('support@desk.example') === true) await deliver(one, next.raw);
      }
      // Something else starts it over and over, as a monitoring system would.
      if (step % 3 === 0) await one.receive(mail({ From: 'help@other.example', Subject: `Again ${step}` }));
      for (const inbox of [one, two]) inbox.desk.clock.advance(10 * minute);
    }

    const between = sink.mails.filter(({ to }) =>
      to.some((address) => address === 'help@other.example' || address === 'support@desk.example'),
    );
    const fromOne = between.filter(({ to }) => to.includes('help@other.example'));
    expect(fromOne.length).to.equal(5);
    expect(between.length - fromOne.length).to.be.at.most(5);
    const alerts = await one.desk.storage.read('notifications').where({ kind: 'loop-guard' }).pluck('user_id');
    expect(alerts).to.deep.equal([one.desk.people.ada.id]);
    await one.desk.close();
    await two.desk.close();
  });

  it('plugins share the budget of an address: five an hour and twenty a day in total, ten in one ticket', async () => {
    const { desk } = await createInbox({ smtpPort: sink.port });
    const send = (email: string, ticketId?: number): Promise<boolean> =>
      desk.storage.writeTx((tx) =>
        desk.app.desk.mail.queueAutomatic(
          tx,
          { kind: ticketId === undefined ? 'notification' : 'plugin', to: { email }, ticketId, subject: 'Hi', text: 'Hi' },
          { email: 'support@desk.example' },
        ),
      );
    const sent: boolean[] = [];
    for (let hour = 0; hour < 12; hour += 1) {
      for (let index = 0; index < 6; index += 1) sent.push(await send('robot@x.example'));
      desk.clock.advance(61 * minute);
    }
    const { ticket } = await desk.as('can').open({
      subject: 'Printer',
      requester: { email: 'robot@y.example' },
      message: { text: 'Hi' },
      channel: 'portal',
    });
    const inTicket: boolean[] = [];
    for (let index = 0; index < 12; index += 1) inTicket.push(await send(`robot${index}@y.example`, ticket.id));

    expect(sent.slice(0, 6)).to.deep.equal([true, true, true, true, true, false]);
    expect(sent.filter(Boolean)).to.have.length(20);
    expect(inTicket.filter(Boolean)).to.have.length(10);
    await desk.close();
  });
});
