// One 100 ms timer watches every pending deadline: a timer per handler costs more than most handlers.
const tickMs = 100;

interface Pending {
  readonly due: number;
  readonly expire: () => void;
}

const pending = new Set<Pending>();
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
  return new Promise<T>((resolve, reject) => {
    const token: Pending = {
      due: performance.now() + deadlineMs - tickMs / 2,
      expire: () => reject(new DeadlinePassed(deadlineMs)),
    };
    enter(token);
    work.then(
      (value) => {
        leave(token);
        resolve(value);
      },
      (error: unknown) => {
        leave(token);
        // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- passes on what it was given
        reject(error);
      },
    );
  });
}

function turn(): void {
  const now = performance.now();
  for (const token of pending) {
    if (token.due > now) continue;
    leave(token);
    token.expire();
  }
}

// Referenced only while something is pending: else the process could exit in the middle of a call.
function enter(token: Pending): void {
  if (pending.size === 0) wheel.ref();
  pending.add(token);
}

function leave(token: Pending): void {
  pending.delete(token);
  if (pending.size === 0) wheel.unref();
}
