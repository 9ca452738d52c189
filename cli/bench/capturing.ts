import { createServer } from 'node:http';
import type { App, Storage } from '@helpdesk/core/operator';
import type { Scenario } from './scenarios.ts';

/** A statement as the desk sent it, with what came back. */
export interface Captured {
  readonly sql: string;
  readonly bindings: readonly unknown[];
  /** Number of the write transaction it ran in, counted from the start of the capture. */
  tx: number | undefined;
  rows: readonly unknown[];
}

interface QueryEvent {
  readonly __knexQueryUid: string;
  readonly sql: string;
  readonly bindings?: readonly unknown[];
}

interface Emitter {
  on(event: 'query', listener: (query: QueryEvent) => void): unknown;
  on(event: 'query-response', listener: (rows: unknown, query: QueryEvent) => void): unknown;
}

/** A storage that notes what is asked of it while somebody captures. */
export class ObservedStorage {
  readonly storage: Storage;
  private taken: Captured[] | undefined;
  private transactions = 0;
  private readonly open = new Map<string, Captured>();

  constructor(inner: Storage) {
    this.observe(inner.read);
    this.storage = {
      ...inner,
      writeTx: (work) =>
        inner.writeTx((tx) => {
          this.transactions += 1;
          this.observe(tx, this.transactions);
          return work(tx);
        }),
    };
  }

  /** The statements of `work`, in the order they were sent. */
  async capture(work: () => Promise<void>): Promise<readonly Captured[]> {
    const taken: Captured[] = [];
    this.taken = taken;
    try {
      await work();
    } finally {
      this.taken = undefined;
    }
    return taken;
  }

  // Where one pool reads and writes, the statements of a transaction show themselves there as well.
  private observe(emitter: Emitter, tx?: number): void {
    emitter.on('query', ({ __knexQueryUid: id, sql, bindings = [] }) => {
      if (this.taken === undefined || /^(?:begin|commit|rollback)\b/i.test(sql)) return;
      const known = this.open.get(id);
      if (known !== undefined) {
        known.tx ??= tx;
        return;
      }
      const one: Captured = { sql, bindings: [...bindings], tx, rows: [] };
      this.open.set(id, one);
      this.taken.push(one);
    });
    emitter.on('query-response', (rows, { __knexQueryUid: id }) => {
      const one = this.open.get(id);
      if (one !== undefined) one.rows = Array.isArray(rows) ? rows : [rows];
      this.open.delete(id);
    });
  }
}

/** Asks a desk of this process for one scenario's answer; false when it has no such page. */
export async function withAnswers<T>(app: App, work: (ask: (scenario: Scenario) => Promise<boolean>) => Promise<T>): Promise<T> {
  const server = createServer(app.callback());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const base = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  try {
    return await work(async ({ path, headers, body }) => {
      const answer = await fetch(`${base}${path}`, {
        headers: { ...headers, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
        redirect: 'manual',
        ...(body === undefined ? {} : { method: 'POST', body: body() }),
      });
      await answer.arrayBuffer();
      return answer.status === 200 || answer.status === 201;
    });
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}
