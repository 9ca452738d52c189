import type { App } from '../app.ts';
import { NotFound } from '../kernel/errors.ts';
import type { PluginStatus } from '../kernel/plugin-host-ports.ts';
import { tableNames } from '../storage/index.ts';

export async function stateOfPlugin({ plugins }: App, id: string): Promise<PluginStatus | undefined> {
  return (await plugins.list()).find((one) => one.id === id);
}

/** @throws NotFound `plugins.not-found`. */
export async function requirePlugin(app: App, id: string): Promise<PluginStatus> {
  const status = await stateOfPlugin(app, id);
  if (status === undefined) throw new NotFound('plugins.not-found', { id, message: `There is no plugin ${id}.` });
  return status;
}

/** The tables of a plugin; known from its row when its code is gone. */
export async function tablesOfPlugin({ desk }: App, { found, row }: PluginStatus): Promise<readonly string[]> {
  const slug = found?.manifest.db?.slug ?? row?.slug;
  if (slug === undefined || slug === null) return [];
  return (await tableNames(desk.storage.read, desk.storage.dialect)).filter((name) => name.startsWith(`p_${slug}_`));
}

/** How many bytes some tables take, indexes included; undefined where the database cannot tell. */
export async function sizeOfTables({ desk }: App, tables: readonly string[]): Promise<number | undefined> {
  const { read, dialect } = desk.storage;
  if (tables.length === 0) return 0;
  try {
    if (dialect === 'postgres') {
      const { rows }: { rows: { size: string }[] } = await read.raw(
        `select sum(pg_total_relation_size(quote_ident(name))) as size from unnest(?::text[]) as name`,
        [[...tables]],
      );
      return Number(rows[0]?.size ?? 0);
    }
    const names = tables.map(() => '?').join(', ');
    const rows: { size: number }[] = await read.raw(
      `select sum(pgsize) as size from dbstat where name in (select name from sqlite_master where tbl_name in (${names}))`,
      [...tables],
    );
    return Number(rows[0]?.size ?? 0);
  } catch {
    // SQLite can be built without the table of sizes.
    return undefined;
  }
}
