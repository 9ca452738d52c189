/** Thrown inside when splitting a mail takes longer than it may. */
class OverBudget extends Error {}

/** Stops the work when its time is over; `until` is a moment of `performance.now()`. */
export function refuseLate(until: number): void {
  if (performance.now() > until) throw new OverBudget();
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
