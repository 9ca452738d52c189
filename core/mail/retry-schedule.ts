const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const first = [1, 5, 15, 60, 180].map((minutes) => minutes * minuteMs);
const after = 6 * hourMs;
const lastsMs = 48 * hourMs;

/** How long a mail in doubt waits before the folder of sent mail is asked. */
export const doubtMs = 15 * minuteMs;

/** For how long a folder that cannot be looked into is asked again before the mail goes out once more all the same. */
export const lookingMs = 5 * doubtMs;

/**
 * Milliseconds to the next try after the server put a mail off for the nth time (1 is the first): 1, 5, 15 and
 * 60 minutes, 3 hours, then every 6 hours; undefined once 48 hours have passed since the first try.
 */
export function nextTryIn(deferrals: number, firstTriedAt: number, now: number, random: () => number = Math.random): number | undefined {
  const left = firstTriedAt + lastsMs - now;
  if (left <= 0) return undefined;
  // A little later each, so that a hundred mails of one outage do not return at once.
  return Math.min(left, Math.round((first[deferrals - 1] ?? after) * (1 + random() * 0.1)));
}
