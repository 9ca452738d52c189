import { AsyncSeriesBailHook, AsyncSeriesHook, AsyncSeriesWaterfallHook, SyncWaterfallHook } from 'tapable';
import { DeadlinePassed, settleWithin } from './deadline-wheel.ts';
import { AppError, Unavailable } from './errors.ts';
import type { Circuit } from './circuit-breaker.ts';
import { costOf, type Gauge } from './gauge.ts';
import { defaultPriority, inOrder } from './hook-order.ts';
import type { Disposable, Fault, Handler, HandlerOptions, HandlerReport, HookKind } from './hook-types.ts';
import type { Oversight } from './oversight.ts';
import { currentScope, isSkipped, runInScope, type Scope } from './scope.ts';

interface Registration {
  readonly plugin: string;
  readonly sequence: number;
  readonly options: HandlerOptions;
  readonly gauge: Gauge;
  readonly circuit: Circuit;
  loadOrder: number;
  /** Undefined once disposed: a call in flight leaves it out, and the closure can be collected. */
  handler: Handler | undefined;
}

interface Call {
  readonly one: Registration;
  readonly startedAt: number;
  readonly scope: Scope;
}

type Done = (error?: Error | null, value?: unknown) => void;
type View = (first: unknown, second: unknown) => unknown;

const maxDepth = 8;
const deadlines = { action: 5000, filter: 2000, decision: 2000 };

/**
 * One named place in code. The registrations are the truth and the tapable hook is a view
 * compiled from them, because tapable can neither remove a tap nor survive one that throws.
 */
export class HookPoint {
  readonly name: string;
  readonly kind: HookKind;
  readonly #oversight: Oversight;
  #ordered: readonly Registration[] = [];
  #view: View | undefined;
  #sequence = 0;

  constructor(kind: HookKind, name: string, oversight: Oversight) {
    this.kind = kind;
    this.name = name;
    this.#oversight = oversight;
  }

  get size(): number {
    return this.#ordered.length;
  }

  /** @throws Invalid when the wanted order contradicts the others; nothing is registered then. */
  add(plugin: string, loadOrder: number, handler: Handler, options: HandlerOptions = {}): Disposable {
    const gauge = this.#oversight.gauge(plugin, this.kind, this.name);
    const circuit = this.#oversight.breaker.circuit(plugin, this.name);
    const registration: Registration = { plugin, loadOrder, sequence: this.#sequence++, handler, options, gauge, circuit };
    this.#replace([...this.#ordered, registration]);
    return { dispose: () => this.#remove((one) => one === registration) };
  }

  removePlugin(plugin: string): void {
    this.#remove((one) => one.plugin === plugin);
  }

  /** Load orders change when a plugin is switched on between others; every process must sort alike. */
  reorder(loadOrders: ReadonlyMap<string, number>): void {
    for (const one of this.#ordered) one.loadOrder = loadOrders.get(one.plugin) ?? one.loadOrder;
    this.#replace(this.#ordered);
  }

  inspect(): readonly HandlerReport[] {
    return this.#ordered.map(({ plugin, options, gauge, circuit }) => {
      const { calls, faults, timeouts, totalMs, maxMs, p95Ms } = costOf(gauge.kind, gauge.name, [gauge.figures()]);
      return {
        plugin,
        priority: options.priority ?? defaultPriority,
        label: options.label,
        isSkipped: this.#oversight.breaker.isOpen(circuit),
        calls,
        faults,
        timeouts,
        totalMs,
        maxMs,
        p95Ms,
      };
    });
  }

  // Not async, as `act` is not: each promise in between costs half a microsecond a call.
  /** Runs an action, filter or decision; `first` is the payload, value or input, `second` a filter's context. */
  run(first: unknown, second?: unknown): Promise<unknown> {
    if (this.size === 0) return Promise.resolve(this.kind === 'filter' ? first : undefined);
    this.#view ??= this.#compile();
    return Promise.resolve(this.#view(first, second));
  }

  runSync(value: unknown, context: unknown): unknown {
    if (this.size === 0) return value;
    this.#view ??= this.#compile();
    return this.#view(value, context);
  }

  #replace(registrations: readonly Registration[]): void {
    this.#ordered = inOrder(this.name, registrations);
    this.#view = undefined;
  }

  #remove(matches: (one: Registration) => boolean): void {
    const gone = this.#ordered.filter(matches);
    if (gone.length === 0) return;
    for (const one of gone) one.handler = undefined;
    this.#replace(this.#ordered.filter((one) => !gone.includes(one)));
  }

  // `stage` carries our computed index, so tapable's own insertion rules never decide.
  #compile(): View {
    const taps = this.#ordered.map((one, stage) => ({ one, tap: { name: one.plugin, stage } }));
    switch (this.kind) {
      case 'action': {
        const hook = new AsyncSeriesHook<[unknown]>(['payload'], this.name);
        for (const { one, tap } of taps) hook.tapAsync(tap, (payload, done) => this.#call(one, payload, undefined, () => done()));
        return (payload) => hook.promise(payload);
      }
      case 'filter': {
        const hook = new AsyncSeriesWaterfallHook<[unknown, unknown]>(['value', 'context'], this.name);
        for (const { one, tap } of taps) hook.tapAsync(tap, (value, context, done) => this.#call(one, value, context, done));
        return (value, context) => hook.promise(value, context);
      }
      case 'decision': {
        const hook = new AsyncSeriesBailHook<[unknown], unknown>(['input'], this.name);
        for (const { one, tap } of taps) {
          hook.tapAsync(tap, (input, done) => this.#call(one, input, undefined, (error, verdict) => done(error, verdict ?? undefined)));
        }
        return (input) => hook.promise(input);
      }
      case 'filterSync': {
        const hook = new SyncWaterfallHook<[unknown, unknown]>(['value', 'context'], this.name);
        for (const { one, tap } of taps) hook.tap(tap, (value, context) => this.#callSync(one, value, context));
        return (value, context) => hook.call(value, context);
      }
    }
  }

  // `done` is only called outside any `try`: what a later handler throws is not this one's fault.
  #call(one: Registration, first: unknown, second: unknown, done: Done): void {
    const scope = this.#enter(one);
    const { handler } = one;
    if (handler !== undefined && scope === 'skipped') return done(this.#closedDoor(one));
    if (scope === undefined || scope === 'skipped' || handler === undefined) return done();
    const { profiler } = this.#oversight;
    const startedAt = profiler.begin(one.gauge, scope);
    let answer: unknown;
    let failed = false;
    try {
      answer = runInScope(scope, () => one.gauge.enter(() => handler.run(first, second)));
    } catch (error) {
      failed = true;
      answer = error;
    }
    const call = { one, startedAt, scope };
    if (failed) return done(this.#failed(call, answer));
    if (!isPromise(answer)) {
      profiler.end(one.gauge, startedAt, scope);
      return done(null, answer);
    }
    this.#settle(call, answer, done);
  }

  #settle(call: Call, answer: PromiseLike<unknown>, done: Done): void {
    const { one, startedAt, scope } = call;
    const kind = this.kind === 'filterSync' ? 'filter' : this.kind;
    settleWithin(
      answer,
      one.options.deadlineMs ?? deadlines[kind],
      (value) => {
        this.#oversight.profiler.end(one.gauge, startedAt, scope);
        done(null, value);
      },
      (error) => {
        if (!(error instanceof DeadlinePassed)) return done(this.#failed(call, error));
        this.#reportLate(one, answer);
        // The wheel turns outside of every scope, and the next handlers belong to the caller's.
        runInScope(scope.parent ?? scope, () => done(this.#failed(call, error)));
      },
    );
  }

  #callSync(one: Registration, value: unknown, context: unknown): unknown {
    const scope = this.#enter(one);
    const { handler } = one;
    if (scope === undefined || scope === 'skipped' || handler === undefined) return undefined;
    const { profiler } = this.#oversight;
    const startedAt = profiler.begin(one.gauge, scope);
    try {
      const answer = runInScope(scope, () => one.gauge.enter(() => handler.run(value, context)));
      if (!isPromise(answer)) return answer;
      answer.then(undefined, () => {});
      this.#fault(one, 'bad-return', new Error(`${this.name} runs inside a template and needs its answer at once, not a promise`));
    } catch (error) {
      this.#fault(one, 'throw', error);
    } finally {
      profiler.end(one.gauge, startedAt, scope);
    }
    return undefined;
  }

  /** The scope to run in; undefined when this handler is left out, `skipped` when that is because it kept failing. */
  #enter(one: Registration): Scope | 'skipped' | undefined {
    const parent = currentScope();
    if (one.handler === undefined || isSkipped(one.plugin, parent)) return undefined;
    if (this.#oversight.breaker.isOpen(one.circuit)) return 'skipped';
    // Most calls have few handlers on their way; only a deep one can be a loop.
    const chain = parent.depth < maxDepth ? [] : chainOf(parent, this.name);
    if (chain.length >= maxDepth) {
      const path = [...chain, one.plugin].join(' -> ');
      this.#fault(one, 'recursion', new Error(`${this.name} causes itself: ${path}`));
      return undefined;
    }
    const { skip, meter } = parent;
    return { plugin: one.plugin, hook: this.name, depth: parent.depth + 1, parent, skip, meter };
  }

  /** The error the caller gets, or null when the handler is left out and the others go on. */
  #failed({ one, startedAt, scope }: Call, error: unknown): Error | null {
    this.#oversight.profiler.end(one.gauge, startedAt, scope);
    // A refusal is an answer. That something is unavailable is no answer, but a fault of whoever depends on it.
    if (this.kind !== 'action' && error instanceof AppError && error.status < 500) return error;
    this.#fault(one, error instanceof DeadlinePassed ? 'timeout' : 'throw', error);
    return this.#closedDoor(one, error);
  }

  // A critical handler that fails, or is skipped for that, must not thereby agree.
  #closedDoor(one: Registration, cause?: unknown): Error | null {
    if (one.options.critical !== true || this.kind === 'action') return null;
    return new Unavailable('hooks.critical-failed', { plugin: one.plugin, hook: this.name }, { cause });
  }

  #reportLate(one: Registration, answer: PromiseLike<unknown>): void {
    const { plugin } = one;
    const report = (error: unknown) => this.#oversight.fault({ plugin, hook: this.name, kind: 'late', error });
    answer.then(() => report(new Error('settled after its deadline; the result is dropped')), report);
  }

  #fault(one: Registration, kind: Fault['kind'], error: unknown): void {
    if (kind === 'timeout') one.gauge.timeouts += 1;
    else one.gauge.faults += 1;
    this.#oversight.fault({ plugin: one.plugin, hook: this.name, kind, error });
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function chainOf(scope: Scope, hook: string): string[] {
  const chain: string[] = [];
  for (let one: Scope | undefined = scope; one !== undefined; one = one.parent) {
    if (one.hook === hook && one.plugin !== undefined) chain.unshift(one.plugin);
  }
  return chain;
}
