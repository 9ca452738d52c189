import type { Reader, Storage } from '../storage/types.ts';
import type { Clock } from './clock.ts';
import type { FaultLog } from './fault-log.ts';
import { costOf, type WorkCost } from './gauge.ts';
import type { Oversight } from './oversight.ts';
import type { PageFigures, PluginFigures } from './profiler.ts';

export interface PluginCost {
  /** How many processes reported. */
  readonly processes: number;
  readonly calls: number;
  readonly queries: number;
  readonly queryMs: number;
  readonly jobMs: number;
  /** 0 to 1: how much of the time of all pages passed in this plugin; undefined before the first timed page. */
  readonly pageShare: number | undefined;
  /** The dearest first. */
  readonly works: readonly WorkCost[];
}

interface Stored extends PluginFigures {
  readonly pages: PageFigures;
}

export interface PluginRecordsPorts {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly faultLog: FaultLog;
  readonly oversight: Oversight;
  readonly processId: string;
}

const keptMs = 86_400_000;

/** Writes down what this process knows of its plugins, so that pages and commands can show the whole desk. */
export class PluginRecords {
  readonly #ports: PluginRecordsPorts;
  readonly #written = new Map<string, string>();

  constructor(ports: PluginRecordsPorts) {
    this.#ports = ports;
  }

  /** Writes what changed since the last time. */
  async flush(): Promise<void> {
    const { storage, clock, faultLog, oversight, processId } = this.#ports;
    await faultLog.flush();
    const { pages } = oversight.profiler;
    const changed = oversight.profiler
      .plugins()
      .map((figures) => ({ plugin: figures.plugin, figures: JSON.stringify({ ...figures, pages } satisfies Stored) }))
      .filter(({ plugin, figures }) => this.#written.get(plugin) !== figures);
    if (changed.length === 0) return;
    const now = clock.now();
    await storage.writeTx(async (tx) => {
      for (const { plugin, figures } of changed) {
        await tx('plugin_costs')
          .insert({ process_id: processId, plugin, figures, updated_at: now })
          .onConflict(['process_id', 'plugin'])
          .merge({ figures, updated_at: now });
      }
      await tx('plugin_costs')
        .where('updated_at', '<', now - keptMs)
        .delete();
    });
    for (const { plugin, figures } of changed) this.#written.set(plugin, figures);
  }
}

/** What plugins cost over all processes that ran within a day, by id. */
export async function costsOf(reader: Reader, plugin?: string): Promise<ReadonlyMap<string, PluginCost>> {
  const query = reader('plugin_costs').orderBy('updated_at', 'desc').limit(1000);
  if (plugin !== undefined) void query.where({ plugin });
  const rows: readonly { readonly plugin: string; readonly figures: string }[] = await query.select('plugin', 'figures');
  const byPlugin = new Map<string, Stored[]>();
  for (const { plugin: id, figures } of rows) byPlugin.set(id, [...(byPlugin.get(id) ?? []), JSON.parse(figures)]);
  return new Map([...byPlugin].map(([id, parts]) => [id, costOfParts(parts)]));
}

function costOfParts(parts: readonly Stored[]): PluginCost {
  const sum = (of: (one: Stored) => number): number => parts.reduce((total, one) => total + of(one), 0);
  const places = new Map(parts.flatMap(({ works }) => works).map(({ kind, name }) => [`${kind} ${name}`, { kind, name }]));
  const works = [...places.values()].map(({ kind, name }) =>
    costOf(
      kind,
      name,
      parts.flatMap((part) => part.works.filter((one) => one.kind === kind && one.name === name)),
    ),
  );
  const pageMs = sum(({ pages }) => pages.ms);
  return {
    processes: parts.length,
    calls: works.reduce((total, { calls }) => total + calls, 0),
    queries: sum(({ sql }) => sql.queries),
    queryMs: sum(({ sql }) => sql.ms),
    jobMs: works.filter(({ kind }) => kind === 'job' || kind === 'durable').reduce((total, { totalMs }) => total + totalMs, 0),
    pageShare: pageMs === 0 ? undefined : Math.min(1, sum((one) => one.pageMs) / pageMs),
    works: works.toSorted((a, b) => b.totalMs - a.totalMs || b.calls - a.calls),
  };
}
