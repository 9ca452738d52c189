import { Invalid } from '../kernel/errors.ts';
import type { Reader, Storage } from '../storage/index.ts';
import { listStatuses } from './tickets-repository.ts';
import type { Category, Status } from './types.ts';

const cacheMs = 2000;

/** Status rows, read at most every two seconds: each page shows them and they hardly ever change. */
export class Statuses {
  private readonly storage: Storage;
  private changes = 0;
  private cached: { readonly at: number; readonly rows: readonly Status[] } | undefined;

  constructor(storage: Storage) {
    this.storage = storage;
  }

  async list(reader: Reader = this.storage.read): Promise<readonly Status[]> {
    const { changes, cached } = this;
    const at = performance.now();
    if (cached !== undefined && at - cached.at <= cacheMs) return cached.rows;
    const rows = await listStatuses(reader);
    // What was read before somebody changed them is out of date already.
    if (changes === this.changes) this.cached = { at, rows };
    return rows;
  }

  forget(): void {
    this.cached = undefined;
    this.changes += 1;
  }

  /** @throws Invalid `tickets.unknown-status`. */
  async byKey(key: string): Promise<Status> {
    const status = (await this.list()).find((one) => one.key === key);
    if (status === undefined) throw new Invalid('tickets.unknown-status', { status: key, fields: ['status'] });
    return status;
  }

  async byId(id: number): Promise<Status> {
    const status = (await this.list()).find((one) => one.id === id) ?? (await listStatuses(this.storage.read)).find((one) => one.id === id);
    if (status === undefined) throw new Error(`The status ${id} is archived or gone.`);
    return status;
  }

  async defaultOf(category: Category): Promise<Status> {
    const rows = (await this.list()).filter((one) => one.category === category);
    const status = rows.find((one) => one.isDefault) ?? rows[0];
    if (status === undefined) throw new Error(`No status has the category ${category}.`);
    return status;
  }
}
