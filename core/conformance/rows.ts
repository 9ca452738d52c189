import { createHash } from 'node:crypto';
import type { App } from '../app.ts';
import { tableNames } from '../storage/index.ts';

// What the kernel itself writes about plugins and processes, and what only says that somebody looked.
const notCompared = new Set(['plugins', 'kernel_state', 'processes', 'sessions', 'throttles', 'cron_runs', 'jobs', 'migrations']);

/** A hash of the rows of each core table, and the names of all tables. Events about plugins are left out. */
export async function rowsOfCore({ desk }: App): Promise<ReadonlyMap<string, string>> {
  const { read, dialect } = desk.storage;
  const found = new Map<string, string>();
  for (const table of await tableNames(read, dialect)) {
    const isSearchShadow = table.startsWith('search_index');
    if (notCompared.has(table) || isSearchShadow) continue;
    if (table.startsWith('p_')) {
      found.set(table, 'a table of a plugin');
      continue;
    }
    const query = read(table).select('*');
    if (table === 'events') void query.whereNot('name', 'like', 'plugin.%');
    const rows = ((await query) as readonly object[]).map((row) => JSON.stringify(row)).toSorted();
    found.set(table, createHash('sha256').update(rows.join('\n')).digest('hex'));
  }
  return found;
}

/** Tables that differ between two moments. */
export function changedTables(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): readonly string[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter((table) => before.get(table) !== after.get(table)).toSorted();
}
