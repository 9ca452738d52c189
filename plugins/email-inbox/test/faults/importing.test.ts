import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { testDatabase, until } from '@helpdesk/core/testing';
import { createInbox, mail, pluginFolder, type Inbox } from '../support/inbox.ts';

const total = 3000;
/** Each conversation is a mail and two answers to it. */
const each = 3;

describe(`an import that is killed, on ${testDatabase()}`, () => {
  let inbox: Inbox;
  let folder: string;
  beforeEach(async () => {
    inbox = await createInbox();
    folder = mkdtempSync(path.join(tmpdir(), 'helpdesk-import-'));
  });
  afterEach(async () => {
    await inbox.desk.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const stored = async (): Promise<number> => Number((await inbox.desk.storage.read('p_email_mails').count({ n: '*' }))[0]?.n);

  it(`takes ${total} mails of an mbox in once each, wherever it was killed, and keeps answers with what they answer`, async function () {
    this.timeout(900_000);
    const file = path.join(folder, 'old.mbox');
    await writeMbox(file);

    for (const share of [0.1, 0.4, 0.7]) {
      const child = importing(inbox, file);
      const ended = once(child, 'exit');
      await until(async () => child.exitCode !== null || (await stored()) >= total * share);
      child.kill('SIGKILL');
      expect(await ended, 'killed before it was done').to.deep.equal([null, 'SIGKILL']);
    }
    expect(await stored()).to.be.lessThan(total);
    const last = importing(inbox, file);
    expect(await once(last, 'exit')).to.deep.equal([0, null]);

    const texts: string[] = await inbox.desk.storage.read('messages').pluck('text');
    expect(texts.map((text) => text.trim()).toSorted()).to.deep.equal(Array.from({ length: total }, (_, n) => `Mail ${n}`).toSorted());
    expect(await inbox.desk.storage.read('tickets').distinct().pluck('message_count')).to.deep.equal([each]);
    expect((await inbox.mails()).every(({ state, dup_of: dup }) => state === 'processed' && dup === null)).to.equal(true);
    expect(await inbox.outbox()).to.deep.equal([]);
    expect(await inbox.desk.violations()).to.deep.equal([]);
  });
});

async function writeMbox(file: string): Promise<void> {
  const out = createWriteStream(file);
  for (let n = 0; n < total; n += 1) {
    const first = n - (n % each);
    const answers = n === first ? {} : { 'In-Reply-To': `<old-${first}@x.example>`, Subject: 'Re: Printer' };
    const raw = mail({ 'Message-ID': `<old-${n}@x.example>`, From: `c${first % 50}@x.example`, ...answers }, `Mail ${n}`);
    if (!out.write(`From c@x.example Mon Jan  5 09:00:00 2026\n${raw.toString()}\n\n`)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'close');
}

/** The command as an operator runs it. */
function importing(inbox: Inbox, file: string): ChildProcess {
  const { folder, url } = inbox.desk.database;
  const { DATABASE_URL: _url, ...environment } = process.env;
  return spawn(process.execPath, [path.join(pluginFolder, '../cli/bin/helpdesk.js'), 'mail', 'import', file], {
    cwd: path.join(pluginFolder, '..'),
    stdio: process.env['TEST_LOG'] === undefined ? 'ignore' : 'inherit',
    env: { ...environment, HELPDESK_DATA: folder, ...(url === undefined ? {} : { DATABASE_URL: url }) },
  });
}
