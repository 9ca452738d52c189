import type { Clock } from '../kernel/clock.ts';
import type { ActionName, HookBus } from '../kernel/hook-bus.ts';
import type { JobQueue } from '../jobs/index.ts';
import type { LiveHub } from '../live/hub.ts';
import type { Tx } from '../storage/index.ts';
import { durableJobName, subscribersOf } from './subscriptions.ts';
import type { NewEvent } from './types.ts';

export interface EventLogDeps {
  readonly clock: Clock;
  readonly hooks: HookBus;
  readonly jobs: JobQueue;
  readonly live: LiveHub;
}

/**
 * The recorded stream of facts.
 *
 * `record` writes the event and one job per durable subscription in the caller's transaction. After
 * the commit the immediate handlers run in this process and open pages hear the topic.
 */
export class EventLog {
  private readonly deps: EventLogDeps;

  constructor(deps: EventLogDeps) {
    this.deps = deps;
  }

  /** Writes the event and returns its id. */
  async record<K extends ActionName>(tx: Tx, name: K, event: NewEvent<K>): Promise<number> {
    const { clock, hooks, jobs, live } = this.deps;
    const occurredAt = clock.now();
    const { actor, ticketId } = event;
    const [row]: { id: number }[] = await tx('events')
      .insert({
        occurred_at: occurredAt,
        name,
        actor_kind: actor.kind,
        actor_id: actor.kind === 'system' ? null : (actor.userId ?? null),
        plugin: actor.kind === 'plugin' ? actor.plugin : null,
        rule: actor.kind === 'plugin' ? (actor.rule ?? null) : null,
        cause: event.cause ?? null,
        ticket_id: ticketId ?? null,
        payload: JSON.stringify(event.payload),
      })
      .returning('id');
    const id = row?.id ?? 0;
    for (const { plugin, handler } of await subscribersOf(tx, name)) {
      await jobs.enqueue(tx, {
        name: durableJobName(plugin, handler),
        plugin: plugin === 'core' ? null : plugin,
        payload: { eventId: id, event: name, occurredAt, payload: event.payload },
        ...(ticketId === undefined ? {} : { orderKey: `${plugin}:${handler}:${ticketId}` }),
      });
    }
    tx.afterCommit(() => {
      void hooks.act(name, event.payload);
      if (ticketId !== undefined) live.announce([`ticket:${ticketId}`, 'tickets']);
    });
    return id;
  }
}
