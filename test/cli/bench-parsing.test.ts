import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { mailsToParse, measureParsing } from '#cli/bench/parsing.js';
import { createTestDesk } from '#core/testing/index.js';
import { needsBundled } from '../bundled.ts';

describe('the figures of reading mails', () => {
  it('are of our parser and of the library alone, on samples that both read', async function () {
    needsBundled(this, 'email-inbox');
    const desk = await createTestDesk({ pluginFolders: [path.resolve('plugins')] });
    try {
      const mails = mailsToParse(undefined).slice(0, 12);
      const figures = await measureParsing(desk.app, mails);
      const parser = desk.app.plugins.services.get('mail.parser');
      const read = await Promise.all(
        mails.map(async (raw) => (await parser?.parse(raw)) as { subject: string; text: string; html?: string; attachments: unknown[] }),
      );

      expect(figures).to.deep.include({ mails: 12 });
      expect([figures?.ours.rps, figures?.bare.rps].every((rps) => (rps ?? 0) > 0)).to.equal(true);
      expect(read.map(({ subject }) => subject)).to.include.members(['Sipariş 0', 'Order 100005']);
      expect(read.every(({ text, html = '' }) => `${text}${html}`.trim() !== '')).to.equal(true);
      expect(read.slice(0, 6).map(({ attachments }) => attachments.length)).to.deep.equal([0, 1, 1, 1, 0, 0]);
    } finally {
      await desk.close();
    }
  });

  it('are of the mails in a folder, when one is given', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'helpdesk-mails-'));
    writeFileSync(path.join(folder, 'a.eml'), 'Subject: a\n\nHello');
    writeFileSync(path.join(folder, 'a.json'), '{}');

    const mails = mailsToParse(folder);
    rmSync(folder, { recursive: true });

    expect(mails.map(String)).to.deep.equal(['Subject: a\n\nHello']);
  });
});
