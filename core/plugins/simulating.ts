import path from 'node:path';
import type { App } from '../app.ts';
import type { PluginFacts } from '../conformance/index.ts';
import { readManifest, type FoundPlugin } from '../kernel/manifest.ts';
import { sentenceOf } from '../kernel/sentence.ts';
import { AppError } from '../kernel/errors.ts';
import { quickProblems, sha256, stageArchive, unpackedSize, versionBefore } from '../operations/index.ts';
import { tryPlugin } from '../plugin-trial.ts';
import { stateOfPlugin } from './looking-up.ts';

/** What installing an archive would do; nothing of the desk was touched to find out. */
export interface Simulation {
  readonly sha256: string;
  readonly packedBytes: number;
  readonly bytes: number;
  readonly plugin: FoundPlugin | undefined;
  /** The version that is here now. */
  readonly replaces: string | undefined;
  /** Steps of its schema that have not run here. */
  readonly pendingMigrations: readonly string[];
  readonly facts: PluginFacts | undefined;
  /** Why it cannot be installed or switched on, one sentence each. */
  readonly problems: readonly string[];
}

/** Unpacks an archive beside the desk and runs it in a process and a desk of its own. Nothing else of it is trusted. */
export async function simulateInstall(app: App, packed: Buffer): Promise<Simulation> {
  const nothing = {
    sha256: sha256(packed),
    packedBytes: packed.length,
    bytes: 0,
    plugin: undefined,
    replaces: undefined,
    facts: undefined,
  };
  try {
    const staged = stageArchive(packed);
    try {
      const bytes = unpackedSize(staged.folder);
      const wrong = await quickProblems(staged);
      if (wrong.length > 0) return { ...nothing, bytes, pendingMigrations: [], problems: wrong };
      const plugin = await readManifest(staged.folder);
      const { config, storage } = app.desk;
      const { facts, problems } = await tryPlugin(staged, {
        beside: [path.join(config.root, 'plugins'), path.join(config.data, 'plugins')],
        isThorough: false,
      });
      const reason = (await refusal(app, plugin)) ?? (await app.plugins.whyNot(plugin));
      const before = await stateOfPlugin(app, plugin.id);
      const applied: readonly string[] = await storage.read('migrations').where({ owner: plugin.id }).pluck('name');
      return {
        ...nothing,
        bytes,
        plugin,
        replaces: before?.found?.version,
        pendingMigrations: (facts?.migrations ?? []).filter((name) => !applied.includes(name)),
        facts,
        problems: [...new Set([...(reason === undefined ? [] : [reason]), ...problems])],
      };
    } finally {
      staged.remove();
    }
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { ...nothing, pendingMigrations: [], problems: [sentenceOf(error)] };
  }
}

async function refusal({ desk }: App, plugin: FoundPlugin): Promise<string | undefined> {
  try {
    await versionBefore(desk.config, plugin);
    return undefined;
  } catch (error) {
    if (error instanceof AppError) return sentenceOf(error);
    throw error;
  }
}
