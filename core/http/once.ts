import { createHash } from 'node:crypto';
import type { Desk } from '../desk.ts';
import { Conflict } from '../kernel/errors.ts';
import { isUniqueViolation } from '../storage/index.ts';

/**
 * Runs the work of a form once: a second click or a slow network sends the same key again and gets the
 * first result. Without a key it simply runs.
 *
 * @throws Conflict `http.in-progress` while the first request is still at work.
 */
export async function once<T>(desk: Desk, request: { readonly userId: number; readonly key: string }, work: () => Promise<T>): Promise<T> {
  if (request.key === '') return work();
  const row = { user_id: request.userId, key: `form:${createHash('sha256').update(request.key).digest('hex')}` };
  try {
    await desk.storage.writeTx((tx) => tx('idempotency_keys').insert({ ...row, request_hash: '', created_at: desk.clock.now() }));
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    const stored = await desk.storage.read('idempotency_keys').where(row).first('status', 'response');
    if (stored === undefined || stored.status === null) throw new Conflict('http.in-progress', {}, { cause: error });
    return JSON.parse(stored.response).value as T;
  }
  try {
    const value = await work();
    await desk.storage.writeTx((tx) =>
      tx('idempotency_keys')
        .where(row)
        .update({ status: 200, response: JSON.stringify({ value }) }),
    );
    return value;
  } catch (error) {
    // What failed may be tried again under the same key.
    await desk.storage.writeTx((tx) => tx('idempotency_keys').where(row).delete());
    throw error;
  }
}
