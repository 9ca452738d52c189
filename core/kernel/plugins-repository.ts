import type { Reader, Storage, Tx } from '../storage/types.ts';

export type PluginState = 'installed' | 'active' | 'inactive' | 'failed' | 'quarantined' | 'upgrading' | 'missing';

export interface PluginRow {
  readonly id: string;
  readonly version: string;
  readonly slug: string | null;
  readonly isDesired: boolean;
  readonly state: PluginState;
  readonly loadOrder: number;
  readonly lastError: string | null;
  readonly changedBy: number | null;
  readonly changedAt: number;
  /** What was installed, and the checksum of its archive; null for what came with the desk. */
  readonly source: string | null;
  readonly sha256: string | null;
  /** The version whose `install` or `upgrade` has run; null before the first activation. */
  readonly preparedVersion: string | null;
  /** The version that ran last. */
  readonly provenVersion: string | null;
  /** A version that could not run in its place and was put back, and why. */
  readonly rejectedVersion: string | null;
  readonly rejection: string | null;
}

export type PluginChange = Partial<Omit<PluginRow, 'id'>>;

interface StoredRow {
  readonly id: string;
  readonly version: string;
  readonly slug: string | null;
  readonly is_desired: boolean | number;
  readonly state: PluginState;
  readonly load_order: number;
  readonly last_error: string | null;
  readonly changed_by: number | null;
  readonly changed_at: number;
  readonly source: string | null;
  readonly sha256: string | null;
  readonly prepared_version: string | null;
  readonly proven_version: string | null;
  readonly rejected_version: string | null;
  readonly rejection: string | null;
}

const columns = {
  version: 'version',
  slug: 'slug',
  isDesired: 'is_desired',
  state: 'state',
  loadOrder: 'load_order',
  lastError: 'last_error',
  changedBy: 'changed_by',
  changedAt: 'changed_at',
  source: 'source',
  sha256: 'sha256',
  preparedVersion: 'prepared_version',
  provenVersion: 'proven_version',
  rejectedVersion: 'rejected_version',
  rejection: 'rejection',
} as const satisfies Record<keyof PluginChange, string>;

export async function pluginRows(reader: Reader): Promise<readonly PluginRow[]> {
  const rows: readonly StoredRow[] = await reader('plugins').select('*').orderBy('id');
  return rows.map((row) => ({
    id: row.id,
    version: row.version,
    slug: row.slug,
    isDesired: Boolean(row.is_desired),
    state: row.state,
    loadOrder: row.load_order,
    lastError: row.last_error,
    changedBy: row.changed_by,
    changedAt: Number(row.changed_at),
    source: row.source,
    sha256: row.sha256,
    preparedVersion: row.prepared_version,
    provenVersion: row.proven_version,
    rejectedVersion: row.rejected_version,
    rejection: row.rejection,
  }));
}

export async function insertPlugin(tx: Tx, row: PluginRow): Promise<void> {
  await tx('plugins').insert({ id: row.id, ...stored(row) });
}

export async function updatePlugin(tx: Tx, id: string, change: PluginChange): Promise<void> {
  await tx('plugins').where({ id }).update(stored(change));
}

export interface ProcessIdentity {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly role: string;
}

export async function reportProcess(
  storage: Storage,
  { id, host, pid, role }: ProcessIdentity,
  report: { readonly generation: number; readonly now: number; readonly versions?: ReadonlyMap<string, string> },
): Promise<void> {
  const { generation, now } = report;
  const versions = JSON.stringify(Object.fromEntries(report.versions ?? []));
  await storage.writeTx(async (tx) => {
    await tx('processes')
      .insert({ id, host, pid, role, generation, versions, started_at: now, seen_at: now })
      .onConflict('id')
      .merge({ generation, versions, seen_at: now });
  });
}

export async function forgetProcess(storage: Storage, id: string): Promise<void> {
  await storage.writeTx(async (tx) => void (await tx('processes').where({ id }).delete()));
}

export interface ProcessRow extends ProcessIdentity {
  readonly generation: number;
  readonly startedAt: number;
  readonly seenAt: number;
}

/** How long after its last sign a process counts as alive. */
export const liveForMs = 15_000;

/** The processes that were seen lately, oldest first. */
export async function liveProcesses(reader: Reader, now: number): Promise<readonly ProcessRow[]> {
  const rows: readonly (ProcessIdentity & { readonly generation: number; readonly started_at: number; readonly seen_at: number })[] =
    await reader('processes')
      .where('seen_at', '>', now - liveForMs)
      .orderBy(['started_at', 'id']);
  return rows.map(({ started_at, seen_at, ...row }) => ({ ...row, startedAt: Number(started_at), seenAt: Number(seen_at) }));
}

/** The generations of the processes that were seen after `since`. */
export async function liveGenerations(reader: Reader, since: number): Promise<readonly number[]> {
  const rows: readonly { readonly generation: number }[] = await reader('processes').where('seen_at', '>', since).select('generation');
  return rows.map(({ generation }) => generation);
}

/** Whether each process that was seen after `since` runs this version of a plugin, or does not run the plugin. */
export async function isOnlyVersion(
  reader: Reader,
  { id, version }: { readonly id: string; readonly version: string },
  since: number,
): Promise<boolean> {
  const rows: readonly { readonly versions: string }[] = await reader('processes')
    .where('seen_at', '>', since)
    .whereNot({ role: 'command' })
    .select('versions');
  return rows.every(({ versions }) => {
    const running: Readonly<Record<string, string | undefined>> = JSON.parse(versions);
    return running[id] === undefined || running[id] === version;
  });
}

function stored(change: PluginChange): Record<string, unknown> {
  const entries = Object.entries(columns).map(([field, column]) => [column, change[field as keyof PluginChange]] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}
