import { existsSync, utimesSync } from 'node:fs';
import { expect } from 'chai';
import { gunzipSync } from 'node:zlib';
import { erasePerson, exportPerson } from '#core/privacy/index.js';
import { reindex } from '#core/operations/index.js';
import { tableNames } from '#core/storage/index.js';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { systemActor } from '#core/users/index.js';
import { writePlugin } from '../plugins/support.ts';
import path from 'node:path';

const privateWords = ['Mina', 'Kaya', 'mina@example.com', 'pelican', 'flamingo', 'stork', 'heron', 'kiwi.txt'];

describe('the data of a customer', () => {
  let desk: TestDesk;
  let ticketId: number;
  let fileId: number;
  let sha256: string;

  beforeEach(async () => {
    desk = await createTestDesk({ findsInstalled: true });
    await desk.app.desk.settings.set('mail', { from: 'desk@example.com', smtp: 'smtp://127.0.0.1:9' });
    fileId = await desk.as('mina').upload({ name: 'kiwi.txt', contentType: 'text/plain', content: Buffer.from('a heron') });
    sha256 = (await desk.storage.read('files').where({ id: fileId }).first()).sha256;
    const { ticket } = await desk.as('mina').open({
      subject: 'About a pelican',
      requester: { userId: desk.people.mina.id },
      message: { text: 'My flamingo is ill.', attachments: [{ fileId }] },
      channel: 'portal',
    });
    ticketId = ticket.id;
    await desk.as('can').reply(ticketId, { kind: 'reply', text: 'Dear Mina, the stork helps.', undoMs: 0 });
    await desk.as('can').reply(ticketId, { kind: 'note', text: 'Mina Kaya called.' });
    await desk.fetch('/sign-in', { method: 'POST', body: new URLSearchParams({ email: 'mina@example.com', password: 'wrong' }) });
    await desk.settle();
  });
  afterEach(() => desk.close());

  /** Every stored value, by table, that holds one of the words. */
  async function found(): Promise<readonly string[]> {
    const places: string[] = [];
    for (const table of await tableNames(desk.storage.read, desk.storage.dialect)) {
      if (table.startsWith('search_index')) continue;
      const rows: readonly Record<string, unknown>[] = await desk.storage.read(table).select('*');
      for (const row of rows)
        for (const [column, value] of Object.entries(row))
          if (privateWords.some((word) => String(value).toLowerCase().includes(word.toLowerCase()))) places.push(`${table}.${column}`);
    }
    return [...new Set(places)].toSorted();
  }

  it('is handed out whole: details, tickets, messages without notes, files', async () => {
    const files = await exportPerson(desk.app, systemActor, desk.people.mina.id);
    const read = (name: string): unknown => JSON.parse(Buffer.from(files.find((one) => one.name === name)?.content ?? '').toString());

    expect(files.map(({ name }) => name)).to.deep.equal([
      'person.json',
      'tickets.json',
      'messages.json',
      'events.json',
      `files/${fileId}-kiwi.txt`,
    ]);
    expect(read('person.json')).to.deep.include({ name: 'Mina Kaya' });
    expect(read('tickets.json')).to.have.lengthOf(1);
    expect(
      (read('messages.json') as { text: string; byThePerson: boolean; files: string[] }[]).map(({ text, byThePerson, files: named }) => [
        text,
        byThePerson,
        named,
      ]),
    ).to.deep.equal([
      ['My flamingo is ill.', true, [`files/${fileId}-kiwi.txt`]],
      ['Dear Mina, the stork helps.', false, []],
    ]);
    expect(Buffer.from(files.at(-1)?.content ?? '').toString()).to.equal('a heron');
  });

  it('is erased whole, and what remains is as many tickets, messages and events in the same order', async () => {
    const shape = async (): Promise<unknown> => [
      await desk.storage.read('tickets').orderBy('id').select('id', 'number', 'category', 'message_count', 'last_message_id'),
      await desk.storage.read('messages').orderBy('id').select('id', 'ticket_id', 'kind', 'direction', 'author_id', 'created_at'),
      await desk.storage
        .read('events')
        .whereNot('name', 'like', 'user.erased')
        .orderBy('id')
        .select('id', 'name', 'ticket_id', 'actor_id', 'payload'),
    ];
    const before = await shape();
    const file = desk.app.desk.files.pathOf(sha256);
    expect(await found()).to.include.members(['users.name', 'messages.text', 'outbox.text', 'tickets.subject', 'search_documents.body']);

    await erasePerson(desk.app, desk.actor('ada'), desk.people.mina.id);

    expect(await found()).to.deep.equal([]);
    expect(await shape()).to.deep.equal(before);
    await desk.settle();
    expect(existsSync(file), 'somebody may be storing the same bytes').to.equal(true);
    utimesSync(file, 0, 0);
    desk.clock.advance(600_001);
    await desk.settle();
    expect(existsSync(file)).to.equal(false);
    expect(await desk.violations()).to.deep.equal([]);
    const page = await desk.fetch(`/desk/tickets/${(await desk.storage.read('tickets').first()).number}?view=open`, { as: 'ada' });
    const shown = await page.text();
    expect([page.status, privateWords.filter((word) => shown.includes(word))]).to.deep.equal([200, []]);
    await reindex(desk.app.desk);
    expect(await found()).to.deep.equal([]);
    expect(await desk.storage.read('outbox').whereIn('state', ['held', 'queued', 'failed', 'uncertain'])).to.deep.equal([]);
    expect(
      (
        await desk.fetch('/sign-in', {
          method: 'POST',
          body: new URLSearchParams({ email: 'mina@example.com', password: 'mina has a password' }),
        })
      ).status,
    ).to.equal(401);
  });

  it('leaves the data of others alone', async () => {
    const { ticket } = await desk.as('ada').open({
      subject: 'Another matter',
      requester: { email: 'layla@example.org', name: 'Layla' },
      message: { text: 'Words of another person.' },
      channel: 'email',
    });
    await erasePerson(desk.app, systemActor, desk.people.mina.id);

    expect((await desk.storage.read('tickets').where({ id: ticket.id }).first()).subject).to.equal('Another matter');
    expect((await desk.storage.read('messages').where({ ticket_id: ticket.id }).first()).text).to.equal('Words of another person.');
    expect((await desk.storage.read('user_emails').where({ email: 'layla@example.org' })).length).to.equal(1);
  });

  it('is all there when a plugin cannot erase its part, and waits for one that is off', async () => {
    writePlugin(path.join(desk.database.folder, 'plugins'), {
      id: 'diary',
      manifest: { db: { slug: 'diary', migrations: './migrations' } },
      activate: `ctx.privacy.declare({
        export: async (person) => ({ lines: await ctx.db.table('lines').where({ user_id: person.userId }) }),
        erase: async (tx, person) => { await tx.table('lines').where({ user_id: person.userId }).delete(); if (globalThis.diaryFails) throw new Error('disk full'); },
      });`,
      files: {
        'migrations/0001-lines.js':
          "export const up = (tx, t) => tx.schema.createTable(t('lines'), (c) => { c.increments('id'); c.integer('user_id'); c.text('body'); });",
      },
    });
    const flags = globalThis as { diaryFails?: boolean };
    await desk.app.plugins.activate('diary');
    await desk.storage.writeTx((tx) => tx('p_diary_lines').insert({ user_id: desk.people.mina.id, body: 'pelican again' }));
    const failure = async (): Promise<string> =>
      erasePerson(desk.app, systemActor, desk.people.mina.id).then(
        () => 'erased',
        (error: { code: string }) => error.code,
      );

    const files = await exportPerson(desk.app, systemActor, desk.people.mina.id);
    expect(Buffer.from(files.find(({ name }) => name === 'plugins/diary.json')?.content ?? '').toString()).to.contain('pelican again');
    flags.diaryFails = true;
    expect(await failure()).to.equal('privacy.plugin-failed');
    expect(await found()).to.include.members(['users.name', 'messages.text', 'p_diary_lines.body']);
    await desk.app.plugins.deactivate('diary');
    flags.diaryFails = false;
    expect(await failure()).to.equal('privacy.plugin-off');
    expect((await exportPerson(desk.app, systemActor, desk.people.mina.id)).at(-1)?.name).to.equal('not-asked.json');
    await desk.app.plugins.activate('diary');
    expect(await failure()).to.equal('erased');
    expect(await found()).to.deep.equal([]);
  });

  it('is behind a permission, a fresh sign-in and a typed name, in the browser', async () => {
    const home = `/desk/customers/${desk.people.mina.id}/privacy`;
    const cookie = await desk.cookie('ada');
    const erase = (headers: Readonly<Record<string, string>>, confirm: string): Promise<Response> =>
      desk.fetch(`${home}/erasure`, { method: 'POST', headers, body: new URLSearchParams({ confirm }) });

    for (const name of ['can', 'mina'] as const) {
      expect((await desk.fetch(home, { as: name })).status).to.equal(403);
      expect((await desk.fetch(`${home}/export`, { as: name })).status).to.equal(403);
      expect((await erase({ cookie: await desk.cookie(name) }, 'mina@example.com')).status).to.equal(403);
    }
    expect((await erase({ cookie, 'Sec-Fetch-Site': 'cross-site' }, 'mina@example.com')).status).to.equal(403);
    expect((await erase({ cookie }, 'mina')).status).to.equal(422);
    expect((await erasePerson(desk.app, systemActor, desk.people.can.id).catch((error: unknown) => error)) as object).to.include({
      code: 'privacy.not-a-customer',
    });
    const archive = await desk.fetch(`${home}/export`, { headers: { cookie } });
    expect(gunzipSync(Buffer.from(await archive.arrayBuffer())).toString()).to.contain(`customer-${desk.people.mina.id}/person.json`);
    desk.clock.advance(11 * 60_000);
    expect((await erase({ cookie }, 'mina@example.com')).headers.get('Location')).to.match(/^\/sign-in\/confirm/);
    expect(await found()).to.include('users.name');
    expect((await erase({ cookie: await desk.cookie('ada') }, 'mina@example.com')).headers.get('Location')).to.equal('/desk/customers');
    expect(await found()).to.deep.equal([]);
  });
});
