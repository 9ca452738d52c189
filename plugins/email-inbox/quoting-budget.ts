/** Thrown inside when splitting a mail takes longer than it may. */
class OverBudget extends Error {}

/** When work has to stop: a moment of `performance.now()`, and one of the process's processor time, both in milliseconds. */
export interface Budget {
  readonly clock: number;
  readonly processor: number;
}

export const unlimited: Budget = { clock: Number.POSITIVE_INFINITY, processor: Number.POSITIVE_INFINITY };

/** A budget of some milliseconds from now. */
export function budgetOf(ms: number): Budget {
  return { clock: performance.now() + ms, processor: processorTime() + ms };
}

/** Stops the work when its time is over. A process that stood still meanwhile has not used it. */
export function refuseLate({ clock, processor }: Budget): void {
  if (performance.now() > clock && processorTime() > processor) throw new OverBudget();
}

function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The result, or undefined when the work was stopped by `refuseLate`. */
export function withinBudget<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof OverBudget) return undefined;
    throw error;
  }
}
