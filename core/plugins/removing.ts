import { rmSync } from 'node:fs';
import type { App } from '../app.ts';
import { Conflict, Refused } from '../kernel/errors.ts';
import { noteSettingsChange } from '../kernel/kernel-state.ts';
import { uninstallPlugin } from '../operations/index.ts';
import { dropTables } from '../storage/index.ts';
import type { Actor } from '../users/index.ts';
import { requireChangeable } from './installing.ts';
import { requirePlugin, tablesOfPlugin } from './looking-up.ts';

/**
 * Removes the files of an installed plugin that is off; its data stays and is listed without it.
 *
 * @throws Forbidden, NotFound, Refused `plugins.active` and `plugins.bundled`.
 */
export async function uninstallFromDesk(app: App, actor: Actor, id: string): Promise<string> {
  const { desk, plugins } = app;
  requireChangeable(app, actor);
  const { found, row } = await requirePlugin(app, id);
  if (row?.isDesired === true) throw new Refused('plugins.active', { message: `${id} is active; deactivate it first.` });
  if (found?.folder.startsWith(desk.config.data) === true && row?.preparedVersion != null)
    await plugins.uninstalling(id, { deleteData: false });
  const folder = await uninstallPlugin(desk.config, found, id);
  const isUnused = row?.preparedVersion == null;
  await desk.storage.writeTx(async (tx) => {
    if (isUnused) await tx('plugins').where({ id }).delete();
    await desk.events.record(tx, 'plugin.uninstalled', { actor, payload: { plugin: id } });
  });
  return folder;
}

/**
 * Deletes everything stored for a plugin that is off: tables, ledger, settings, secrets, jobs,
 * subscriptions, permissions, search documents, files. Works without its code, and with it asks its `uninstall` first.
 *
 * @throws Forbidden, NotFound, Conflict `plugins.still-on`.
 */
export async function deletePluginData(app: App, actor: Actor, id: string): Promise<readonly string[]> {
  const { desk, plugins } = app;
  requireChangeable(app, actor);
  const status = await requirePlugin(app, id);
  const { row, found } = status;
  if (status.isRunning || row?.isDesired === true)
    throw new Conflict('plugins.still-on', { id, message: `${id} is active; deactivate it first.` });
  const slug = row?.slug ?? found?.manifest.db?.slug;
  const tables = await tablesOfPlugin(app, status);
  if (found !== undefined && row?.preparedVersion != null) await plugins.uninstalling(id, { deleteData: true });
  if (slug !== undefined && slug !== null) await dropTables(desk.storage, id, `p_${slug}_`);
  await desk.storage.writeTx(async (tx) => {
    await noteSettingsChange(tx);
    if (desk.storage.dialect === 'sqlite')
      await tx.raw('delete from search_index where rowid in (select id from search_documents where owner = ?)', [id]);
    for (const table of ['settings', 'scoped_settings', 'secrets', 'search_documents', 'migrations'] as const)
      await tx(table).where({ owner: id }).delete();
    for (const table of ['jobs', 'subscriptions', 'ticket_meta'] as const) await tx(table).where({ plugin: id }).delete();
    await tx('cron_runs').where('name', 'like', `${id}.%`).delete();
    const prefixes = [id, ...(slug === undefined || slug === null ? [] : [slug])].map((one) => `${one}.`);
    const roles: { id: number; permissions: string }[] = await tx('roles').select('id', 'permissions');
    for (const role of roles) {
      const held: readonly string[] = JSON.parse(role.permissions);
      const kept = held.filter((key) => !prefixes.some((prefix) => key.startsWith(prefix)));
      if (kept.length < held.length)
        await tx('roles')
          .where({ id: role.id })
          .update({ permissions: JSON.stringify(kept) });
    }
    await tx('plugins').where({ id }).delete();
    await desk.events.record(tx, 'plugin.data-deleted', { actor, payload: { plugin: id, tables } });
  });
  rmSync(`${desk.config.data}/plugins-data/${id}`, { recursive: true, force: true });
  return tables;
}
