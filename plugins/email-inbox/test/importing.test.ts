import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { mailsIn } from '../mail-files.ts';
import { createInbox, mail, type Inbox } from './support/inbox.ts';

describe('importing mail', () => {
  let inbox: Inbox;
  let folder: string;
  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'helpdesk-import-'));
    inbox = await createInbox({ smtpPort: 9 });
  });
  afterEach(async () => {
    await inbox.desk.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('takes a folder in once, with the dates of the mails and without answering', async () => {
    mkdirSync(path.join(folder, 'cur'));
    for (let index = 0; index < 5; index += 1)
      writeFileSync(
        path.join(folder, index < 3 ? '' : 'cur', `${index}.eml`),
        mail({ Date: 'Sun, 05 Jan 2020 10:00:00 +0000' }, `Mail ${index}`),
      );
    writeFileSync(path.join(folder, 'notes'), 'no mail at all');

    const first = await inbox.command('mail import', [folder]);
    const again = await inbox.command('mail import', [folder]);
    await inbox.desk.settle();

    expect(first).to.deep.equal({ imported: 5, known: 0, failed: 0 });
    expect(again).to.deep.equal({ imported: 0, known: 5, failed: 0 });
    expect(await inbox.desk.storage.read('messages').distinct().pluck('created_at')).to.deep.equal([Date.UTC(2020, 0, 5, 10)]);
    expect((await inbox.outbox()).filter(({ kind }) => kind === 'acknowledgement')).to.deep.equal([]);
  });

  it('keeps answers behind what they answer', async () => {
    for (let index = 0; index < 30; index += 1) {
      const answers = index % 3 === 0 ? {} : { 'In-Reply-To': `<old-${index - (index % 3)}@x.example>` };
      writeFileSync(
        path.join(folder, `${String(index).padStart(2, '0')}.eml`),
        mail({ 'Message-ID': `<old-${index}@x.example>`, From: `c${index % 5}@x.example`, ...answers }),
      );
    }

    await inbox.command('mail import', [folder]);

    const counts: number[] = await inbox.desk.storage.read('tickets').pluck('message_count');
    expect(counts).to.deep.equal(Array.from({ length: 10 }, () => 3));
  });

  it('W2: sends no answer of an agent on that was written long ago', async () => {
    await inbox.addReceiver({ authserv_ids: '["mx.desk.example"]' });
    const proof = { From: 'can@example.com', 'Authentication-Results': 'mx.desk.example; dmarc=pass' };
    writeFileSync(path.join(folder, '1.eml'), mail({ 'Message-ID': '<old-1@x.example>', Date: 'Sun, 05 Jan 2020 10:00:00 +0000' }, 'Help'));
    writeFileSync(
      path.join(folder, '2.eml'),
      mail({ ...proof, 'In-Reply-To': '<old-1@x.example>', Date: 'Sun, 05 Jan 2020 11:00:00 +0000' }, '@close\nIt is out.'),
    );

    await inbox.command('mail import', [folder]);
    await inbox.desk.settle();

    const [first, second] = await inbox.mails();
    expect([second?.state, second?.ticket_id]).to.deep.equal(['processed', first?.ticket_id]);
    expect((await inbox.messages(first?.ticket_id ?? 0)).map(({ text, author_id: author }) => [text, author])).to.deep.equal([
      ['Help', inbox.desk.people.mina.id],
      ['@close\nIt is out.', inbox.desk.people.can.id],
    ]);
    expect((await inbox.outbox()).filter(({ kind }) => kind === 'reply')).to.deep.equal([]);
    expect((await inbox.ticket(first?.ticket_id ?? 0)).category).to.equal('open');
  });

  it('splits an mbox at its separators only', async () => {
    const file = path.join(folder, 'old.mbox');
    const one = mail({}, 'From here it burns.\n>From the start.').toString();
    const two = mail({}, 'Second').toString();
    writeFileSync(file, `From a@x.example Mon Jan  5 09:00:00 2026\n${one}\n\nFrom b@x.example Mon Jan  5 09:00:00 2026\n${two}\n`);

    expect(await inbox.command('mail import', [file])).to.include({ imported: 2 });

    const texts: string[] = await inbox.desk.storage.read('messages').orderBy('id').pluck('text');
    expect(texts.map((text) => text.trim())).to.deep.equal(['From here it burns.\nFrom the start.', 'Second']);
  });

  it('reads an mbox in pieces: separators on their borders split, and of a mail that is too large the header comes', async () => {
    const file = path.join(folder, 'large.mbox');
    const lines = (count: number): string => 'From me to you, no year\n'.repeat(count);
    const bodies = Array.from({ length: 60 }, (_, index) => `Mail ${index}\n${lines(2500 + index)}`);
    const all = [...bodies.slice(0, 30), `Large\n${lines(60_000)}`, ...bodies.slice(30)];
    writeFileSync(file, all.map((body) => `From a@x.example Mon Jan  5 09:00:00 2026\nFrom: a@x.example\n\n${body}\n`).join(''));

    const found: { readonly text: string; readonly cut: string | undefined }[] = [];
    for await (const { raw, cut } of mailsIn(file, 1_000_000)) found.push({ text: raw.toString(), cut });

    expect(found).to.have.length(61);
    expect(found[30]?.text).to.equal('From: a@x.example\n\n');
    expect(found[30]?.cut).to.match(/^{"key":"email-inbox.cut.header","values":{"size":14\d{5},/);
    expect(found.toSpliced(30, 1).map(({ text }) => text.trimEnd())).to.deep.equal(
      bodies.map((body) => `From: a@x.example\n\n${body}`.trimEnd()),
    );
  });

  it('goes on where it was broken off', async () => {
    for (let index = 0; index < 3; index += 1) writeFileSync(path.join(folder, `${index}.eml`), mail({}, `Mail ${index}`));
    await inbox.command('mail import', [folder]);
    await inbox.desk.storage.writeTx(async (tx) => {
      await tx('p_email_mails').update({ state: 'new', message_id: null, ticket_id: null });
      await tx('p_email_keys').delete();
      await tx('messages').delete();
    });

    expect(await inbox.command('mail import', [folder])).to.deep.equal({ imported: 3, known: 0, failed: 0 });
    expect(await inbox.desk.storage.read('messages')).to.have.length(3);
  });

  it('says which file is missing', async () => {
    const error = await inbox.command('mail import', [path.join(folder, 'none')]).catch((cause: unknown) => cause);

    expect(error).to.include({ code: 'email-inbox.import-missing' });
  });
});
