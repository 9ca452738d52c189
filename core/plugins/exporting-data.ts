import type { App } from '../app.ts';
import { requirePlugin, tablesOfPlugin } from './looking-up.ts';

const perRead = 500;

/** One file of an export: JSON lines, one row each. */
export interface ExportedTable {
  readonly name: string;
  rows(): AsyncGenerator<string>;
}

/** What is stored for a plugin, table by table, and its settings without the secrets. @throws NotFound. */
export async function exportPluginData(app: App, id: string): Promise<readonly ExportedTable[]> {
  const tables = await tablesOfPlugin(app, await requirePlugin(app, id));
  return [...tables.map((name) => ({ name, rows: () => rowsOf(app, name) })), { name: 'settings', rows: () => settingsOf(app, id) }];
}

// By the row's own address, which every table has: a plugin's keys are unknown, and a count from the start grows slow.
async function* rowsOf({ desk }: App, table: string): AsyncGenerator<string> {
  const { read, dialect } = desk.storage;
  const address = dialect === 'postgres' ? 'ctid' : 'rowid';
  let after: unknown;
  for (;;) {
    const query = read(table)
      .select('*', { row_address__: read.raw(dialect === 'postgres' ? 'ctid::text' : 'rowid') })
      .orderByRaw(address)
      .limit(perRead);
    if (after !== undefined) void query.whereRaw(dialect === 'postgres' ? 'ctid > ?::tid' : 'rowid > ?', [after as string]);
    const rows: Record<string, unknown>[] = await query;
    for (const { row_address__: place, ...row } of rows) {
      after = place;
      yield JSON.stringify(row, (_key, value: unknown) => (Buffer.isBuffer(value) ? value.toString('base64') : value));
    }
    if (rows.length < perRead) return;
  }
}

async function* settingsOf({ desk }: App, owner: string): AsyncGenerator<string> {
  const rows: { key: string; value: string }[] = await desk.storage.read('settings').where({ owner }).orderBy('key').select('key', 'value');
  for (const { key, value } of rows) yield JSON.stringify({ key, value: JSON.parse(value) as unknown });
  const scoped: object[] = await desk.storage.read('scoped_settings').where({ owner }).select('scope', 'scope_id', 'key', 'value');
  for (const row of scoped) yield JSON.stringify(row);
  const secrets: { key: string }[] = await desk.storage.read('secrets').where({ owner }).orderBy('key').select('key');
  for (const { key } of secrets) yield JSON.stringify({ key, value: '(secret)' });
}
