import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { receiverProblems } from '@helpdesk/core/testing';
import { createInbox, type Inbox } from './support/inbox.ts';

describe('the contract of plugins that receive mail', () => {
  let inbox: Inbox;
  beforeEach(async () => {
    inbox = await createInbox();
  });
  afterEach(() => inbox.desk.close());

  it('pitfall 23: asks the hooks that others rely on when a mail comes through a pipe', async () => {
    expect(await receiverProblems(inbox.desk, (raw) => inbox.receive(raw))).to.deep.equal([]);
  });

  it('pitfall 23: asks the hooks that others rely on when a mail is imported', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'helpdesk-contract-'));
    try {
      const problems = await receiverProblems(inbox.desk, async (raw) => {
        const file = path.join(folder, 'mail.eml');
        writeFileSync(file, raw);
        await inbox.command('mail import', [file]);
      });

      expect(problems).to.deep.equal([]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('is not kept by a plugin that asks nobody', async () => {
    const silent = await receiverProblems(inbox.desk, async () => undefined);

    expect(silent).to.include('mail.incoming was not called.').and.include('What mail.incoming shaped was not used.');
  });
});
