import { createHash } from 'node:crypto';
import type { Desk } from '../desk.ts';
import { Conflict, Invalid } from '../kernel/errors.ts';
import { isUniqueViolation, type Tx } from '../storage/index.ts';

const keptMs = 86_400_000;
// Longer than any request lives: the process that began it is gone, and its transaction with it.
const abandonedMs = 60_000;

export interface StoredAnswer {
  readonly status: number;
  readonly body: unknown;
}

interface KeyRow {
  readonly request_hash: string;
  readonly status: number | null;
  readonly response: string | null;
  readonly created_at: number;
}

/** One use of an Idempotency-Key by one person. */
export interface KeyUse {
  readonly userId: number;
  readonly key: string;
  readonly requestHash: string;
}

/** What makes two requests the same: address and body. */
export function requestHash(path: string, body: unknown): string {
  return createHash('sha256')
    .update(`${path}\n${JSON.stringify(body)}`)
    .digest('hex');
}

/** @throws Invalid `api.bad-idempotency-key` for more than 200 or for unprintable characters. */
export function readIdempotencyKey(header: string): string | undefined {
  if (header === '') return undefined;
  if (!/^[\u0020-\u007e]{1,200}$/.test(header)) throw new Invalid('api.bad-idempotency-key');
  return header;
}

/**
 * Takes the key, or returns the answer that an equal request got within the last day.
 *
 * @throws Conflict `api.idempotency-mismatch` for another body, `api.idempotency-in-flight` while the first is being answered.
 */
export async function takeKey(desk: Desk, use: KeyUse): Promise<StoredAnswer | undefined> {
  const { userId, key } = use;
  const now = desk.clock.now();
  try {
    return await desk.storage.writeTx(async (tx) => {
      await tx('idempotency_keys')
        .where({ user_id: userId, key })
        .where((old) =>
          old
            .where('created_at', '<=', now - keptMs)
            .orWhere((lost) => lost.whereNull('status').where('created_at', '<=', now - abandonedMs)),
        )
        .delete();
      const row: KeyRow | undefined = await tx('idempotency_keys').where({ user_id: userId, key }).first();
      if (row === undefined) {
        await tx('idempotency_keys').insert({ user_id: userId, key, request_hash: use.requestHash, created_at: now });
        return undefined;
      }
      if (row.request_hash !== use.requestHash) throw new Conflict('api.idempotency-mismatch');
      if (row.status === null) throw new Conflict('api.idempotency-in-flight', { retryAfter: 1 });
      return { status: row.status, body: JSON.parse(row.response ?? 'null') };
    });
  } catch (error) {
    if (isUniqueViolation(error)) throw new Conflict('api.idempotency-in-flight', { retryAfter: 1 }, { cause: error });
    throw error;
  }
}

/** Keeps the answer in the transaction of the write, so that both are stored or neither. */
export async function keepAnswer(tx: Tx, { userId, key }: KeyUse, answer: StoredAnswer): Promise<void> {
  await tx('idempotency_keys')
    .where({ user_id: userId, key })
    .update({ status: answer.status, response: JSON.stringify(answer.body) });
}

/** Frees the key of a request that failed, which may be tried again. */
export async function freeKey(desk: Desk, { userId, key }: KeyUse): Promise<void> {
  await desk.storage.writeTx((tx) => tx('idempotency_keys').where({ user_id: userId, key }).whereNull('status').delete());
}

/** Forgets answers that are older than a day; a job does it. */
export async function sweepKeys(desk: Desk): Promise<void> {
  await desk.storage.writeTx((tx) =>
    tx('idempotency_keys')
      .where('created_at', '<', desk.clock.now() - keptMs)
      .delete(),
  );
}
