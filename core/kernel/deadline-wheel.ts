// One 100 ms timer watches every pending deadline: a timer per handler costs more than most handlers.
const tickMs = 100;

/** A deadline in the list of those that are pending; linked, because it comes and goes with each call. */
interface Pending {
  readonly due: number;
  readonly expire: () => void;
  before: Pending | undefined;
  after: Pending | undefined;
  isPending: boolean;
}

let first: Pending | undefined;
let isHolding = false;
const wheel = setInterval(turn, tickMs);
wheel.unref();

/** A promise did not settle in time; the work itself goes on, its result is dropped. */
export class DeadlinePassed extends Error {
  readonly afterMs: number;

  constructor(afterMs: number) {
    super(`no answer within ${afterMs} ms`);
    this.name = 'DeadlinePassed';
    this.afterMs = afterMs;
  }
}

/** Settles as `work` does, or rejects with `DeadlinePassed` after `deadlineMs`, give or take 50 ms. */
export function withinDeadline<T>(work: PromiseLike<T>, deadlineMs: number): Promise<T> {
  return new Promise<T>((resolve, reject) => settleWithin(work, deadlineMs, resolve, reject));
}

/** `withinDeadline` without a promise of its own, for what is called very often: exactly one of the two is called, once. */
export function settleWithin<T>(
  work: PromiseLike<T>,
  deadlineMs: number,
  onValue: (value: T) => void,
  onError: (error: unknown) => void,
): void {
  const token: Pending = {
    due: performance.now() + deadlineMs - tickMs / 2,
    expire: () => onError(new DeadlinePassed(deadlineMs)),
    before: undefined,
    after: first,
    isPending: true,
  };
  if (first !== undefined) first.before = token;
  first = token;
  hold();
  work.then(
    (value) => {
      if (leave(token)) onValue(value);
    },
    (error: unknown) => {
      if (leave(token)) onError(error);
    },
  );
}

function turn(): void {
  const now = performance.now();
  for (let token = first; token !== undefined;) {
    const { after } = token;
    if (token.due <= now && leave(token)) token.expire();
    token = after;
  }
  if (first !== undefined || !isHolding) return;
  isHolding = false;
  wheel.unref();
}

// Referenced while something is pending, else the process could exit in the middle of a call. Let go at the
// next turn and not at once, because a call comes and goes in less time than that takes.
function hold(): void {
  if (isHolding) return;
  isHolding = true;
  wheel.ref();
}

/** False when the deadline has passed or it was settled before. */
function leave(token: Pending): boolean {
  if (!token.isPending) return false;
  token.isPending = false;
  if (token.before === undefined) first = token.after;
  else token.before.after = token.after;
  if (token.after !== undefined) token.after.before = token.before;
  return true;
}
