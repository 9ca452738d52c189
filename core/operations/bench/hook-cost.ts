import { AsyncSeriesHook } from 'tapable';
import type { App } from '../../app.ts';
import { HookBus } from '../../kernel/hook-bus.ts';
import { SlotRegistry } from '../../kernel/slots.ts';

export interface HandlerCost {
  readonly handlers: number;
  /** Microseconds of one call with all its handlers. */
  readonly tapableUs: number;
  readonly wrappedUs: number;
  /** What isolation, attribution, deadline and counting add to each handler. */
  readonly addedPerHandlerUs: number;
}

const rounds = 15;
const callsPerRound = 2000;

/** Times asynchronous handlers on a bare tapable hook and on ours, in turns; medians. */
export async function measureHandlers(handlers: number): Promise<HandlerCost> {
  const bare = new AsyncSeriesHook<[{ readonly ticketId: number; readonly messageId: number }]>(['payload']);
  const bus = new HookBus({ onFault: () => undefined });
  bus.define('action', 'ticket.reply-undone');
  for (let n = 0; n < handlers; n += 1) {
    bare.tapPromise(`p${n}`, async () => undefined);
    bus.forPlugin(`p${n}`, n).on('ticket.reply-undone', async () => undefined);
  }
  const payload = { ticketId: 1, messageId: 1 };
  const times: { readonly tapable: number; readonly wrapped: number }[] = [];
  for (let round = -3; round < rounds; round += 1) {
    const tapable = await timed(() => bare.promise(payload));
    const wrapped = await timed(() => bus.act('ticket.reply-undone', payload));
    if (round >= 0) times.push({ tapable, wrapped });
  }
  const [tapableUs, wrappedUs] = [median(times.map((one) => one.tapable)), median(times.map((one) => one.wrapped))];
  return { handlers, tapableUs, wrappedUs, addedPerHandlerUs: median(times.map((one) => (one.wrapped - one.tapable) / handlers)) };
}

/**
 * Adds up the time that passes in the hook points and slots of a desk from here on, without the work that plugins do in
 * slots: their loaders wait for the database beside the page, so each call is timed once more with loaders that do nothing.
 * Returns the sum in milliseconds and how many calls there were.
 */
export function watchHookPoints({ desk, plugins }: App): () => { readonly ms: number; readonly calls: number } {
  let ms = 0;
  let calls = 0;
  const timedCall = <R>(of: () => R): R => {
    calls += 1;
    const beganAt = performance.now();
    const answer = of();
    if (!(answer instanceof Promise)) {
      ms += performance.now() - beganAt;
      return answer;
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a promise of the same value
    return answer.finally(() => (ms += performance.now() - beganAt)) as R;
  };
  const watched =
    <A extends readonly unknown[], R>(of: (...args: A) => R): ((...args: A) => R) =>
    (...args) =>
      timedCall(() => of(...args));
  const { hooks } = desk;
  const { slots, all } = plugins.snapshot;
  Object.assign(hooks, {
    act: watched(hooks.act.bind(hooks)),
    applyFilter: watched(hooks.applyFilter.bind(hooks)),
    applyFilterSync: watched(hooks.applyFilterSync.bind(hooks)),
    decide: watched(hooks.decide.bind(hooks)),
  });
  const idle = new SlotRegistry(
    all('slot').map(({ plugin, value }) => ({ plugin, value: { ...value, load: async () => ({}) } })),
    () => undefined,
  );
  const load = slots.loadSlots.bind(slots);
  Object.assign(slots, {
    async loadSlots(...args: Parameters<typeof load>) {
      const loaded = await load(...args);
      await timedCall(() => idle.loadSlots(...args));
      return loaded;
    },
  });
  return () => ({ ms, calls });
}

async function timed(call: () => Promise<unknown>): Promise<number> {
  const beganAt = performance.now();
  for (let n = 0; n < callsPerRound; n += 1) await call();
  return ((performance.now() - beganAt) / callsPerRound) * 1000;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round((sorted[Math.floor(sorted.length / 2)] ?? 0) * 1000) / 1000;
}
