import type { Desk } from '../desk.ts';
import { Invalid, NotFound } from '../kernel/errors.ts';

export interface StatusInput {
  /** Only read for a new status: tickets carry the category of theirs. */
  readonly category: string;
  readonly names: Readonly<Record<string, string>>;
  readonly customerNames: Readonly<Record<string, string>>;
}

/** Adds a status, or renames the one with `key`. */
export async function saveStatus(desk: Desk, input: StatusInput, key?: string): Promise<void> {
  const missing = Object.entries(input.names).find(([, name]) => name === '');
  if (missing !== undefined) throw new Invalid('statuses.name-missing', { fields: [`name.${missing[0]}`] });
  const customerNames = Object.fromEntries(
    Object.entries(input.customerNames).map(([locale, name]) => [locale, name === '' ? (input.names[locale] ?? '') : name]),
  );
  const row = { names: JSON.stringify(input.names), customer_names: JSON.stringify(customerNames) };
  await desk.storage.writeTx(async (tx) => {
    if (key !== undefined) {
      if ((await tx('ticket_statuses').where({ key }).update(row)) !== 1) throw new NotFound('tickets.unknown-status', { status: key });
    } else {
      if (!['open', 'waiting', 'solved', 'closed'].includes(input.category))
        throw new Invalid('statuses.category-missing', { fields: ['category'] });
      const last = await tx('ticket_statuses').max({ position: 'position' }).first();
      await tx('ticket_statuses').insert({
        ...row,
        key: `status-${desk.clock.now().toString(36)}`,
        category: input.category,
        position: Number(last?.position ?? 0) + 1,
      });
    }
    tx.afterCommit(() => desk.statuses.forget());
  });
}
