import type { App } from '../app.ts';
import { Conflict, Forbidden, Refused } from '../kernel/errors.ts';
import type { FoundPlugin } from '../kernel/manifest.ts';
import { importProblems, installPackage, type InstalledPlugin } from '../operations/index.ts';
import { isAllowed, type Actor } from '../users/index.ts';
import { stateOfPlugin } from './looking-up.ts';

/**
 * Puts the files of a plugin, new or newer, where this desk finds them. What is on now keeps running
 * until the desk starts anew; a version that cannot start then gives way to the one before.
 *
 * @throws Forbidden, Conflict `plugins.pinned`, `plugins.bundled`, `plugins.installed`, Invalid `archive.*`
 * and `manifest.*`, Refused `plugins.upgrade-unmet` and `plugins.upgrade-broken` before any file changes.
 */
export async function installInDesk(app: App, actor: Actor, packed: Buffer, source: string): Promise<InstalledPlugin> {
  const { desk, plugins } = app;
  requireChangeable(app, actor);
  const installed = await installPackage(desk.config, packed, { source, approve: (fresh, before) => approve(app, fresh, before) });
  const { id: plugin, version, sha256, replaced } = installed;
  await plugins.noteInstalled(plugin, { source, sha256 }, async (tx) => {
    await desk.events.record(tx, 'plugin.installed', { actor, payload: { plugin, version, source, sha256, replaced } });
  });
  desk.log.info('A plugin was installed.', { plugin, version, source, sha256, replaced });
  return installed;
}

/** @throws Forbidden, Conflict `plugins.pinned`. */
export function requireChangeable({ desk }: App, actor: Actor): void {
  if (!isAllowed(actor, 'plugins.manage')) throw new Forbidden('auth.forbidden', { permission: 'plugins.manage' });
  if (desk.config.pinnedPlugins !== undefined)
    throw new Conflict('plugins.pinned', { message: 'The configuration file decides which plugins run; change it there.' });
}

// Only an upgrade of what is on can break a desk that works; anything else is looked at when it is switched on.
async function approve(app: App, fresh: FoundPlugin, before: FoundPlugin | undefined): Promise<void> {
  const isOn = before !== undefined && (await stateOfPlugin(app, fresh.id))?.row?.isDesired === true;
  if (!isOn) return;
  const reason = await app.plugins.whyNot(fresh);
  if (reason !== undefined)
    throw new Refused('plugins.upgrade-unmet', {
      plugin: fresh.id,
      message: `${reason} ${before.id} ${before.version} stays until that is so.`,
    });
  const [problem] = await importProblems(fresh.entry);
  if (problem !== undefined)
    throw new Refused('plugins.upgrade-broken', {
      plugin: fresh.id,
      message: `${fresh.id} ${fresh.version} cannot run: ${problem} ${before.version} stays.`,
    });
}
