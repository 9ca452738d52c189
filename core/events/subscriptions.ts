import type { Clock } from '../kernel/clock.ts';
import type { Reader, Tx } from '../storage/index.ts';

export interface Subscription {
  readonly plugin: string;
  readonly handler: string;
  readonly event: string;
}

/** Name of the job that runs a durable handler. */
export function durableJobName(plugin: string, handler: string): string {
  return `${plugin}:${handler}`;
}

/** Who wants this event. Read from the rows, never from memory: another process may have activated the plugin. */
export function subscribersOf(reader: Reader, event: string): Promise<readonly Subscription[]> {
  return reader('subscriptions').where({ event }).orderBy(['plugin', 'handler']).select('plugin', 'handler', 'event');
}

/**
 * Makes the plugin's rows equal to what it declared at activation. Every process that starts does so, several at
 * the same moment: rows that stay are not touched, and one that somebody else is just adding is not added twice.
 */
export async function replaceSubscriptions(tx: Tx, plugin: string, wanted: readonly Subscription[], clock: Clock): Promise<void> {
  const pairs = wanted.map(({ handler, event }) => [handler, event]);
  await tx('subscriptions').where({ plugin }).whereNotIn(['handler', 'event'], pairs).delete();
  if (wanted.length === 0) return;
  await tx('subscriptions')
    .insert(wanted.map(({ handler, event }) => ({ plugin, handler, event, created_at: clock.now() })))
    .onConflict(['plugin', 'handler', 'event'])
    .ignore();
}

/** Deactivation ends the subscriptions; jobs already queued wait for the code to come back. */
export async function endSubscriptions(tx: Tx, plugin: string): Promise<void> {
  await tx('subscriptions').where({ plugin }).delete();
}
