import { runAsPlugin } from '../kernel/scope.ts';
import type { Snapshot } from '../kernel/snapshot.ts';
import type { Check, Examined } from './check.ts';
import { databaseChecks } from './database-checks.ts';
import { filesChecks } from './files-checks.ts';
import { queueChecks } from './queue-checks.ts';
import { searchChecks } from './search-checks.ts';
import { ticketsChecks } from './tickets-checks.ts';

export interface Violation {
  /** Of the invariant, such as `tickets.empty`, or `<plugin>.<check>`. */
  readonly id: string;
  /** One sentence with examples. */
  readonly message: string;
  /** How many cases there are. */
  readonly count: number;
}

const checks: readonly Check[] = [...databaseChecks, ...ticketsChecks, ...filesChecks, ...queueChecks, ...searchChecks];
const shown = 5;

/**
 * Looks at everything that must always hold, whatever crashed before, and returns what does not.
 * Reads only; plugins add checks of their own with `ctx.doctor`.
 */
export async function checkInvariants(desk: Examined, plugins?: Pick<Snapshot, 'all'>): Promise<readonly Violation[]> {
  const violations: Violation[] = [];
  for (const { id, claim, run } of checks) {
    const cases = await attempt(() => run(desk));
    if (cases.length > 0) violations.push({ id, message: `${claim} ${examples(cases)}`, count: cases.length });
  }
  for (const { plugin, value } of plugins?.all('doctor') ?? []) {
    const cases = await attempt(() => runAsPlugin(plugin, () => value.check()));
    if (cases.length > 0) violations.push({ id: `${plugin}.${value.id}`, message: examples(cases), count: cases.length });
  }
  return violations;
}

// A check that fails is a finding too: a table that is gone must not hide what else is wrong.
async function attempt(run: () => Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await run();
  } catch (error) {
    return [`The check itself failed: ${error instanceof Error ? error.message : String(error)}`];
  }
}

function examples(cases: readonly string[]): string {
  const rest = cases.length - shown;
  return `${cases.slice(0, shown).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
