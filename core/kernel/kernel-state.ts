import { notifyChange } from '../storage/change-hint.ts';
import type { Reader, Storage, Tx } from '../storage/types.ts';

/** The one row that every process reads each second: what moved on since it last looked. */
export interface KernelState {
  /** Of the set of running plugins. */
  readonly generation: number;
  /** Rises with each change of settings and secrets. */
  readonly settingsVersion: number;
  /** When somebody last asked all processes to start anew. */
  readonly restartAt: number | undefined;
}

interface StateRow {
  readonly generation: number;
  readonly settings_version: number;
  readonly restart_at: number | null;
}

export async function readKernelState(reader: Reader): Promise<KernelState> {
  const row: StateRow | undefined = await reader('kernel_state').where({ id: 1 }).first();
  return {
    generation: row?.generation ?? 0,
    settingsVersion: row?.settings_version ?? 0,
    restartAt: row?.restart_at == null ? undefined : Number(row.restart_at),
  };
}

/** Lets one lifecycle change in at a time, on any number of processes, and returns the generation. */
export async function lockGeneration(tx: Tx): Promise<number> {
  await tx('kernel_state').insert({ id: 1, generation: 1 }).onConflict('id').ignore();
  const row: Pick<StateRow, 'generation'> | undefined = await tx('kernel_state').where({ id: 1 }).forUpdate().first('generation');
  return row?.generation ?? 0;
}

export async function setGeneration(tx: Tx, generation: number): Promise<void> {
  await tx('kernel_state').where({ id: 1 }).update({ generation });
  await notifyChange(tx);
}

/** Tells all processes, once this transaction commits, that settings or secrets changed. */
export async function noteSettingsChange(tx: Tx): Promise<void> {
  await tx('kernel_state').where({ id: 1 }).increment('settings_version');
  await notifyChange(tx);
}

export async function askForRestart(storage: Storage, now: number): Promise<void> {
  await storage.writeTx(async (tx) => {
    await tx('kernel_state').where({ id: 1 }).update({ restart_at: now });
    await notifyChange(tx);
  });
}
