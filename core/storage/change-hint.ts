import pg from 'pg';
import type { Logger } from '../kernel/log.ts';
import type { Dialect, Reader, Tx } from './types.ts';

const channel = 'helpdesk_change';
const firstDelayMs = 250;
const longestDelayMs = 5000;

/** Tells the other processes, once this transaction commits, that a counter moved on. Without a word: they read it themselves. */
export async function notifyChange(tx: Tx): Promise<void> {
  if (tx.client.config.client === 'pg') await tx.raw(`notify ${channel}`);
}

/** The part of the server's queue of notifications that is taken, 0 to 1; undefined on SQLite, which has none. */
export async function changeQueueUsage(reader: Reader, dialect: Dialect): Promise<number | undefined> {
  if (dialect !== 'postgres') return undefined;
  const { rows }: { rows: readonly { usage: number }[] } = await reader.raw('select pg_notification_queue_usage() as usage');
  return rows[0]?.usage;
}

/**
 * Listens on a connection of its own, because a pool would hand it out, and makes a new one when it is
 * lost. Each time it begins to listen it hints as well: what was sent before is gone.
 */
export function listenForChanges(url: string, hint: () => void, log: Logger): () => Promise<void> {
  let client: pg.Client | undefined;
  let retry: NodeJS.Timeout | undefined;
  let delayMs = firstDelayMs;
  let isStopped = false;
  void connect();
  return async () => {
    isStopped = true;
    clearTimeout(retry);
    await client?.end().catch(() => undefined);
  };

  async function connect(): Promise<void> {
    const mine = new pg.Client({ connectionString: url, application_name: 'helpdesk listener', keepAlive: true });
    client = mine;
    let isLost = false;
    const lost = (error?: unknown): void => {
      if (isLost || isStopped) return;
      isLost = true;
      log.warn('The connection that listens for changes was lost; this process polls until there is a new one.', { error });
      mine.end().catch(() => undefined);
      retry = setTimeout(() => void connect(), delayMs).unref();
      delayMs = Math.min(delayMs * 2, longestDelayMs);
    };
    mine.on('error', lost);
    mine.on('end', () => lost());
    mine.on('notification', hint);
    try {
      await mine.connect();
      await mine.query(`listen ${channel}`);
      delayMs = firstDelayMs;
      hint();
    } catch (error) {
      lost(error);
    }
  }
}
