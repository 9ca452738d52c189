import { Agent, request } from 'node:http';

export interface Figures {
  /** Requests a second. */
  readonly rps: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export interface Target {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Present: a POST; called for each request. */
  readonly body?: () => string;
}

const defaultConnections = 8;
const warmUpMs = 300;
const rounds = 4;

/**
 * Asks several targets as fast as the answers come, over a few kept connections each. They take turns, so that
 * whatever else the machine does meets all of them alike.
 *
 * @throws Error for an answer that is no success.
 */
export async function loadInTurns(
  targets: readonly Target[],
  forMs: number,
  connections = defaultConnections,
): Promise<readonly Figures[]> {
  const lanes = targets.map((target) => ({
    target,
    agent: new Agent({ keepAlive: true, maxSockets: connections }),
    times: [] as number[],
    totalMs: 0,
  }));
  const turn = async ({ target, agent }: (typeof lanes)[number], ms: number): Promise<readonly number[]> =>
    (await Promise.all(Array.from({ length: connections }, () => ask(target, agent, ms)))).flat();
  try {
    for (const lane of lanes) await turn(lane, warmUpMs);
    for (let round = 0; round < rounds; round += 1) {
      for (const lane of lanes) {
        const startedAt = performance.now();
        lane.times.push(...(await turn(lane, forMs / rounds)));
        lane.totalMs += performance.now() - startedAt;
      }
    }
    return lanes.map(({ times, totalMs }) => figuresOf(times, totalMs));
  } finally {
    for (const { agent } of lanes) agent.destroy();
  }
}

/** Figures of single durations that together took `totalMs`. */
export function figuresOf(times: readonly number[], totalMs: number): Figures {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  return { rps: round((times.length / totalMs) * 1000), p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

async function ask(target: Target, agent: Agent, forMs: number): Promise<readonly number[]> {
  const times: number[] = [];
  for (const until = performance.now() + forMs; performance.now() < until;) {
    const startedAt = performance.now();
    await once(target, agent);
    times.push(performance.now() - startedAt);
  }
  return times;
}

function once({ url, headers = {}, body }: Target, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const asking = request(
      url,
      {
        agent,
        method: body === undefined ? 'GET' : 'POST',
        headers: { ...headers, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
      },
      (answer) => {
        answer.resume();
        answer.once('error', reject);
        answer.once('end', () =>
          (answer.statusCode ?? 500) < 300 ? resolve() : reject(new Error(`${url} answered ${answer.statusCode ?? 0}.`)),
        );
      },
    );
    asking.once('error', reject);
    asking.end(body?.());
  });
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
