import { expect } from 'chai';
import { createApp, readConfig } from '#core/app.js';
import { checkInvariants } from '#core/doctor/index.js';
import { systemClock } from '#core/kernel/clock.js';
import { createLogger } from '#core/log.js';
import { saveMailbox } from '#core/mail/index.js';
import { createDatabase, startDeskProcess, startSmtpSink, until } from '#core/testing/index.js';
import { openTicket, reply } from '#core/tickets/index.js';
import { createUser, systemActor } from '#core/users/index.js';
import { actorOf } from '#core/auth/index.js';

const silent = createLogger('silent', systemClock, () => undefined);
const replies = 12;
// Longer than a lease: each new process finds what its predecessor held.
const laterMs = 120_000;

describe('a worker that is killed while it sends (F3)', () => {
  for (const [crashPoint, mayDouble] of [
    ['mail-before-smtp', false],
    // Two processes died over the same mail: then a person decides, and the next mail is taken.
    ['mail-after-smtp', true],
    // A mailbox has two connections: what the other one was sending at that moment may double.
    ['mail-after-sent', true],
  ] as const) {
    it(`at ${crashPoint}: each reply arrives${mayDouble ? ', at most doubled under one Message-ID and flagged' : ' once'}`, async function () {
      this.timeout(180_000);
      const handle = await createDatabase();
      const sink = await startSmtpSink();
      const storage = handle.open();
      const config = { ...readConfig({ HELPDESK_DATA: handle.folder }, {}, handle.folder), databaseUrl: handle.url };
      const app = await createApp({
        config,
        clock: systemClock,
        log: silent,
        role: 'command',
        storage,
        isMigrated: true,
        pluginFolders: [],
      });
      const mailbox = await saveMailbox(app.desk, systemActor, {
        name: 'Support',
        address: 'support@example.com',
        transport: { host: '127.0.0.1', port: sink.port, encryption: 'auto', isOperators: true },
      });
      const can = await createUser(app.desk, systemActor, { email: 'can@example.com', name: 'Can', role: 'agent' });
      for (let index = 0; index < replies; index += 1) {
        const { ticket } = await openTicket(app.desk, systemActor, {
          subject: `Case ${index}`,
          requester: { email: `c${index}@example.org` },
          message: { text: 'Help' },
          channel: 'email',
          mailboxId: mailbox.id,
        });
        await reply(app.desk, actorOf(can), ticket.id, { kind: 'reply', text: `Answer ${index}` });
      }

      for (let round = 0; round < 3; round += 1) {
        const crashing = startDeskProcess({ database: handle, crashAt: crashPoint, aheadMs: round * laterMs });
        expect(await crashing.ended).to.equal('SIGKILL');
      }
      const desk = startDeskProcess({ database: handle, aheadMs: 3 * laterMs });
      const settled = mayDouble ? ['sent', 'uncertain'] : ['sent'];
      await until(async () => (await storage.read('outbox').where({ kind: 'reply' }).whereIn('state', settled)).length === replies);
      expect(await storage.read('outbox').where({ state: 'uncertain' })).to.have.length.within(0, mayDouble ? 2 : 0);
      await desk.stop();

      const ids = sink.mails.map(({ raw }) => /^message-id:\s*(\S+)/im.exec(raw.toString())?.[1] ?? '');
      expect(new Set(ids).size).to.equal(replies);
      const doubled = ids.filter((id, index) => ids.indexOf(id) !== index);
      if (!mayDouble) expect(doubled).to.deep.equal([]);
      for (const id of doubled)
        expect((await storage.read('outbox').where({ message_id: id }).first('may_be_doubled')).may_be_doubled, id).to.be.oneOf([true, 1]);
      expect(await checkInvariants(app.desk)).to.deep.equal([]);
      await app.stop();
      await storage.close();
      await sink.close();
      handle.remove();
    });
  }
});
