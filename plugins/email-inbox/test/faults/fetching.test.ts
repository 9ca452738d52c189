import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import {
  needsDovecot,
  startDeskProcess,
  startDovecot,
  startSmtpSink,
  testDatabase,
  type DeskProcess,
  type Dovecot,
  type SmtpSink,
} from '@helpdesk/core/testing';
import { createInbox, mail, pluginFolder, type Inbox } from '../support/inbox.ts';
import { startProxy } from '../support/proxy.ts';

// 5,000 by hand: FETCHED_MAILS=5000. The seed is printed, and FAULTS_SEED repeats a run.
const total = Number(process.env['FETCHED_MAILS'] ?? 300);
const seed = Number(process.env['FAULTS_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const kills = 8;
// A killed process keeps its leases for a minute; the next one starts a little more than that later.
const laterMs = 65_000;

/** Mulberry32: the same numbers for the same seed. */
function numbersOf(start: number): (below: number) => number {
  let state = start;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

describe(`fetching under everything that goes wrong at once, on ${testDatabase()}`, () => {
  let inbox: Inbox;
  let imap: Dovecot;
  let sink: SmtpSink;
  let proxy: Awaited<ReturnType<typeof startProxy>>;
  const children = new Set<DeskProcess>();
  before(needsDovecot);
  beforeEach(async () => {
    [imap, sink] = await Promise.all([startDovecot(), startSmtpSink()]);
    proxy = await startProxy(imap.port);
    inbox = await createInbox();
    await inbox.command('mailbox add', [], {
      address: 'help@desk.example',
      name: 'Help',
      imap: `imap://help:secret@127.0.0.1:${proxy.port}`,
      smtp: `smtp://127.0.0.1:${sink.port}`,
      since: 'all',
    });
    await inbox.desk.storage.writeTx((tx) => tx('mailboxes').update({ transport: '{}' }));
  });
  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all([...children].map(({ ended }) => ended));
    children.clear();
    await inbox.desk.close();
    await Promise.all([proxy.close(), imap.close(), sink.close()]);
  });

  it(`F1-F7: of ${total} mails each is stored once and none is left (seed ${seed})`, async function () {
    this.timeout(1_200_000);
    const random = numbersOf(seed);
    const bodies = Array.from({ length: total }, (_, index) => `mail number ${index} ${'x'.repeat(random(3000))}`);
    const share = Math.ceil(total / (kills + 1));
    let starts = 0;
    const start = (): void => {
      starts += 1;
      children.add(startDeskProcess({ database: inbox.desk.database, pluginFolders: [pluginFolder], aheadMs: starts * laterMs }));
    };
    const killOne = async (): Promise<void> => {
      const [child] = children;
      if (child === undefined) return;
      children.delete(child);
      // A plugin at which process after process dies while loading it is switched off, so on a slow machine only the first may.
      if (starts > 2) await child.listening;
      child.kill('SIGKILL');
      await child.ended;
    };
    const deliver = (part: number): void =>
      imap.deliver(
        'help',
        bodies.slice(part * share, (part + 1) * share).map((body, index) => mail({ From: `customer-${index % 40}@x.example` }, body)),
      );
    // Long enough for something to arrive on most connections, short enough that few live long.
    proxy.cuts = () => 20_000 + random(400_000);

    start();
    start();
    for (let part = 0; part < kills; part += 1) {
      deliver(part);
      await sleep(500 + random(2500));
      if (part === 3) {
        for (const name of readdirSync(imap.maildir('help')))
          if (name.startsWith('dovecot-uidlist')) rmSync(path.join(imap.maildir('help'), name));
      }
      if (part === 5) {
        proxy.isStuck = true;
        await sleep(1000);
        proxy.isStuck = false;
      }
      await killOne();
      start();
    }
    deliver(kills);
    proxy.cuts = undefined;

    const filed = async (): Promise<number> =>
      Number((await inbox.desk.storage.read('messages').where({ channel: 'email' }).count({ n: '*' }))[0]?.n);
    const unmarked = async (): Promise<number> =>
      Number((await inbox.desk.storage.read('p_email_mails').where({ state: 'new' }).count({ n: '*' }))[0]?.n);
    const standing = async (): Promise<string> => {
      const { read } = inbox.desk.storage;
      const [plugin, receiver, faults, mails] = await Promise.all([
        read('plugins').where({ id: 'email-inbox' }).first('state', 'last_error'),
        read('p_email_receivers').first('state', 'last_uid', 'failures', 'last_error'),
        read('plugin_faults').orderBy('id', 'desc').limit(3).select('hook', 'kind', 'message'),
        read('p_email_mails').groupBy('state').select('state').count({ n: '*' }),
      ]);
      return JSON.stringify({ plugin, receiver, faults, mails });
    };
    let [most, movedAt] = [-1, performance.now()];
    for (let now = await filed(); now < total || (await unmarked()) > 0; now = await filed()) {
      if (now > most) [most, movedAt] = [now, performance.now()];
      if (performance.now() - movedAt > 150_000) throw new Error(`No progress with ${now} of ${total} mails: ${await standing()}`);
      // Counting reads every message: asked for more often, it would take most of the time itself.
      await sleep(Math.max(300, total));
    }

    const texts: string[] = await inbox.desk.storage.read('messages').where({ channel: 'email' }).pluck('text');
    expect(texts.toSorted()).to.deep.equal(bodies.toSorted());
    expect(await inbox.desk.violations()).to.deep.equal([]);
  });
});
