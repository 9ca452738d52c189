import type { FoundPlugin } from '../kernel/manifest.ts';
import type { Tx } from '../storage/index.ts';

/** Gives the roles what a plugin's manifest proposes; runs once, on its first activation. */
export async function grantDefaults(tx: Tx, { manifest }: FoundPlugin): Promise<void> {
  for (const role of ['agent', 'customer'] as const) {
    const keys = (manifest.permissions ?? []).filter(({ defaultRoles }) => defaultRoles?.includes(role)).map(({ key }) => key);
    const row: { id: number; permissions: string } | undefined = await tx('roles').where({ key: role }).first('id', 'permissions');
    if (keys.length === 0 || row === undefined) continue;
    const held = JSON.parse(row.permissions) as readonly string[];
    await tx('roles')
      .where({ id: row.id })
      .update({ permissions: JSON.stringify([...new Set([...held, ...keys])]), version: tx.raw('version + 1') });
  }
}
