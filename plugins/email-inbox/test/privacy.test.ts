import { utimesSync } from 'node:fs';
import { expect } from 'chai';
import { createInbox, mail, type Inbox } from './support/inbox.ts';

describe('a privacy request about somebody who wrote mails', () => {
  let inbox: Inbox;
  beforeEach(async () => {
    inbox = await createInbox();
  });
  afterEach(() => inbox.desk.close());

  const answer = () => {
    const found = inbox.desk.app.plugins.snapshot.all('privacy').find(({ plugin }) => plugin === 'email-inbox');
    if (found === undefined) throw new Error('The plugin does not answer.');
    return found.value;
  };
  const person = async (ticketIds: readonly number[] = []) => ({
    userId: inbox.desk.people.mina.id,
    emails: ['Mina@Example.com'],
    ticketIds,
  });

  it('is answered with the mails as they came, also one that made no ticket', async () => {
    const raw = mail({}, 'The pelican is ill.');
    const row = await inbox.receive(raw);
    const other = await inbox.receive(mail({ From: 'eve@elsewhere.example' }, 'Another matter'));
    const { mails = [] } = await answer().export(await person([row.ticket_id ?? 0]));

    expect(mails).to.have.lengthOf(1);
    expect(mails[0]).to.include({ sender: 'mina@example.com', subject: 'Printer', source: raw.toString(), ticket_id: row.ticket_id });
    expect(other.ticket_id).to.not.equal(row.ticket_id);
  });

  it('keeps the bytes of a mail that were a file of somebody who is erased as well', async () => {
    const { sha256 } = await inbox.receive(mail({}));
    const unused = 'f'.repeat(64);

    expect(await inbox.desk.app.desk.hooks.applyFilter('files.removing', [sha256, unused], {})).to.deep.equal([unused]);
  });

  it('erases them from rows and disk, keeps the rows, and takes none of them in again', async () => {
    const raw = mail({ 'Message-ID': '<first@customer.example>' }, 'The pelican is ill.');
    const row = await inbox.receive(raw);
    const other = await inbox.receive(mail({ From: 'eve@elsewhere.example' }, 'Another matter'));

    for (const { sha256 } of [row, other]) utimesSync(inbox.desk.app.desk.files.pathOf(sha256), 0, 0);

    await inbox.desk.storage.writeTx(async (tx) => answer().erase(tx, await person([row.ticket_id ?? 0])));
    await inbox.desk.settle();

    const [erased, kept] = await inbox.mails();
    expect(erased).to.include({ id: row.id, subject: '', sender: '', files: '[]', state: 'processed', ticket_id: row.ticket_id });
    expect(kept).to.include({ id: other.id, sender: 'eve@elsewhere.example', sha256: other.sha256 });
    expect(await inbox.desk.app.desk.files.read(row.sha256).catch((error: { code: string }) => error.code)).to.equal('files.missing');
    expect((await inbox.desk.app.desk.files.read(other.sha256)).toString()).to.contain('Another matter');
    expect(await inbox.desk.violations()).to.deep.equal([]);
    await inbox.receive(raw);
    await inbox.receive(mail({ 'Message-ID': '<first@customer.example>', To: 'other@desk.example' }, 'The pelican is ill.'));
    const mails = await inbox.mails();
    expect(mails.map(({ dup_of: copyOf }) => copyOf)).to.deep.equal([null, null, row.id]);
    expect(mails.at(-1), 'a copy that comes later is erased as well').to.include({ subject: '', sender: '', sha256: erased?.sha256 });
    expect(await inbox.messages(row.ticket_id ?? 0)).to.have.lengthOf(1);
  });
});
