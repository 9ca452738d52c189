import { appendFileSync, rmSync } from 'node:fs';
import { expect } from 'chai';
import { insertFile } from '#core/files/index.js';
import { checkInvariants } from '#core/doctor/index.js';
import { mergeTickets, moveTicket, openTicket, reply, snooze, undoReply } from '#core/tickets/index.js';
import { saveMailbox } from '#core/mail/index.js';
import { createTestDesk, testDatabase, type TestDesk } from '#core/testing/index.js';
import type { Tx } from '#core/storage/index.js';
import { helpdesk, parsed } from '../cli/command-line.js';

type Damage = (tx: Tx, desk: TestDesk) => Promise<unknown>;

const damages: Readonly<Record<string, Damage>> = {
  'messages.orphan': (tx) => tx('messages').where({ kind: 'note' }).update({ ticket_id: 999_999 }),
  'tickets.empty': (tx) =>
    tx('messages')
      .whereIn('ticket_id', tx('tickets').where({ subject: 'casino' }).select('id'))
      .update({ deleted_at: 1 }),
  'tickets.message-count': (tx) => tx('tickets').update({ message_count: 77 }),
  'tickets.last-message': (tx) => tx('tickets').update({ last_message_id: 999_999 }),
  'tickets.counters': (tx) => tx('ticket_counts').update({ tickets: tx.raw('tickets + 1') }),
  'tickets.status': (tx) => tx('tickets').update({ status_id: 999_999 }),
  'attachments.file-row': (tx) => tx('attachments').update({ file_id: 999_999 }),
  'files.orphan': async (tx, desk) =>
    insertFile(
      tx,
      { now: () => desk.clock.now() - 86_400_001 },
      { ...(await desk.app.desk.files.put(Buffer.from('left'))), name: 'left.txt', contentType: 'text/plain' },
    ),
  'replies.one-message-id': (tx) => tx('outbox').where({ kind: 'reply' }).update({ message_id: '<other@example.com>' }),
  'outbox.state': (tx) => tx('outbox').where({ kind: 'reply' }).update({ state: 'sent', sent_at: null }),
  'outbox.job': (tx) => tx('jobs').where({ name: 'mail.send' }).delete(),
  'jobs.lease': (tx) =>
    tx('jobs').where({ name: 'mail.send' }).update({ state: 'active', lease_owner: null, lease_until: null, concurrency_key: null }),
  'search.messages': (tx) => tx('search_documents').where({ kind: 'message' }).update({ body: 'something else' }),
  'search.tickets': (tx) => tx('search_documents').where({ kind: 'ticket' }).delete(),
  'search.leftover': (tx) => tx('search_documents').insert({ owner: 'core', kind: 'message', ref: 999_999, title: '', body: 'gone' }),
};

const onSqliteOnly: Readonly<Record<string, Damage>> = {
  'search.index': (tx) => tx.raw('delete from search_index where rowid = 1'),
  'database.references': (tx) => tx('followers').insert({ ticket_id: 999_999, user_id: 999_999, created_at: 0 }),
};

describe('the doctor', () => {
  let desk: TestDesk;
  beforeEach(async () => {
    desk = await createTestDesk();
    await fill(desk);
  });
  afterEach(() => desk.close());

  it('finds nothing after ordinary work', async () => {
    expect(await checkInvariants(desk.app.desk)).to.deep.equal([]);
    expect(parsed(await helpdesk(desk, ['doctor', '--json']))).to.deep.equal({ violations: [] });
  });

  for (const [id, damage] of Object.entries({ ...damages, ...(testDatabase() === 'sqlite' ? onSqliteOnly : {}) })) {
    it(`names ${id}, with exit code 1`, async () => {
      await withoutForeignKeys(desk, (tx) => damage(tx, desk));

      const ran = await helpdesk(desk, ['doctor', '--json']);

      expect(ran.code).to.equal(1);
      expect(parsed<{ violations: { id: string }[] }>(ran).violations.map((one) => one.id)).to.include(id);
      expect(ran.err).to.match(/violated/);
    });
  }

  it('names stored files that are missing or changed', async () => {
    const [first, second]: readonly string[] = await desk.storage.read('files').orderBy('id').pluck('sha256');
    rmSync(desk.app.desk.files.pathOf(first ?? ''));
    appendFileSync(desk.app.desk.files.pathOf(second ?? ''), 'x');

    const [violation] = await checkInvariants(desk.app.desk);

    expect(violation).to.deep.include({ id: 'files.content', count: 2 });
    expect(violation?.message).to.contain('is missing').and.to.contain('is changed');
  });

  it('names jobs past their lease only while workers run', async () => {
    const now = desk.clock.now();
    await desk.storage.writeTx((tx) =>
      tx('jobs')
        .where({ name: 'mail.send' })
        .update({ state: 'active', lease_owner: 'gone', lease_until: now - 300_001, concurrency_key: null }),
    );
    expect(await checkInvariants(desk.app.desk)).to.deep.equal([]);

    await desk.storage.writeTx((tx) =>
      tx('processes').insert({ id: 'w', host: 'h', pid: 1, role: 'work', generation: 1, started_at: now, seen_at: now }),
    );

    expect((await checkInvariants(desk.app.desk)).map(({ id }) => id)).to.deep.equal(['jobs.lease']);
  });

  it('goes on when a check itself fails', async () => {
    await withoutForeignKeys(desk, (tx) => tx.schema.renameTable('drafts', 'drafts_away'));
    try {
      await desk.storage.writeTx((tx) => damages['files.orphan']?.(tx, desk) ?? Promise.resolve());
      const violations = await checkInvariants(desk.app.desk);
      expect(violations.map(({ id }) => id)).to.deep.equal(['files.orphan']);
      expect(violations[0]?.message).to.contain('The check itself failed');
    } finally {
      await withoutForeignKeys(desk, (tx) => tx.schema.renameTable('drafts_away', 'drafts'));
    }
  });

  it('is content again after a reindex', async () => {
    await withoutForeignKeys(desk, async (tx) => {
      await damages['search.messages']?.(tx, desk);
      await damages['search.tickets']?.(tx, desk);
      await damages['search.leftover']?.(tx, desk);
      if (desk.storage.dialect === 'sqlite') await onSqliteOnly['search.index']?.(tx, desk);
    });

    expect((await helpdesk(desk, ['search', 'reindex'])).code).to.equal(0);

    expect(await checkInvariants(desk.app.desk)).to.deep.equal([]);
  });
});

async function fill(desk: TestDesk): Promise<void> {
  const { desk: parts } = desk.app;
  const [can, mina] = [desk.actor('can'), desk.actor('mina')];
  const fileOf = async (text: string) =>
    parts.files
      .put(Buffer.from(text))
      .then((blob) =>
        desk.storage.writeTx((tx) =>
          insertFile(tx, desk.clock, { ...blob, name: `${text}.txt`, contentType: 'text/plain', createdBy: desk.people.mina.id }),
        ),
      );
  const open = async (subject: string) => {
    const attachments = [{ fileId: (await fileOf(subject)).id }];
    return openTicket(parts, mina, {
      subject,
      requester: { userId: desk.people.mina.id },
      message: { text: `Please help with İade ${subject}`, attachments },
      channel: 'portal',
    });
  };
  await saveMailbox(parts, desk.actor('ada'), {
    name: 'Shop',
    address: 'help@example.com',
    transport: { host: '127.0.0.1', port: 1, encryption: 'auto', isOperators: true },
  });
  const { ticket: first } = await open('lamp');
  const { ticket: second } = await open('chair');
  const { ticket: third } = await open('table');
  const { ticket: spam } = await open('casino');
  await reply(parts, can, first.id, { kind: 'note', text: 'Looks broken' });
  await reply(parts, can, first.id, { kind: 'reply', text: 'On its way' });
  const held = await reply(parts, can, third.id, { kind: 'reply', text: 'Wait', undoMs: 10_000 });
  await undoReply(parts, can, held.id);
  await mergeTickets(parts, can, second.id, first.id);
  await moveTicket(parts, can, spam.id, 'spam');
  await snooze(parts, can, third.id, desk.clock.now() + 86_400_000);
}

async function withoutForeignKeys(desk: TestDesk, work: Damage): Promise<void> {
  const connection = await desk.storage.openMigrationConnection();
  try {
    await connection.tx(async (tx) => {
      if (desk.storage.dialect === 'postgres') await tx.raw("set local session_replication_role = 'replica'");
      await work(tx, desk);
    });
  } finally {
    await connection.close();
  }
}
