import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';

const everyMs = 20;
const tellAfterMs = 30_000;

type Found<T> = Exclude<T, false | null | undefined>;

/**
 * Looks until there is something other than false, null or undefined, and returns it. How long that takes says nothing
 * on a busy machine, so there is no limit here: the test runner ends what hangs, and after half a minute the output says
 * what is waited for and what was seen last.
 */
export async function until<T>(look: () => T | Promise<T>): Promise<Found<T>> {
  let seen = await look();
  const telling = setTimeout(() => process.stderr.write(`Still waiting: ${String(look)}\nSeen last: ${inspect(seen)}\n`), tellAfterMs);
  try {
    for (; !isFound(seen); seen = await look()) await sleep(everyMs);
    return seen;
  } finally {
    clearTimeout(telling);
  }
}

function isFound<T>(seen: T): seen is Found<T> {
  return seen !== false && seen !== null && seen !== undefined;
}
