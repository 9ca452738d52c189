import type { Desk } from '../desk.ts';
import { formErrors } from '../http/form-errors.ts';
import { AppError, Invalid } from '../kernel/errors.ts';
import { markRead } from '../notifications/index.ts';
import { editTicket, mergeTickets, moveTicket, tagsOf, type Ticket } from '../tickets/index.ts';
import type { Sentence } from '../ui/types.ts';
import type { Actor } from '../users/index.ts';

export interface BulkResult {
  readonly done: number;
  readonly skipped: readonly { readonly number: number; readonly subject: string; readonly reason: Sentence }[];
}

/**
 * Does one thing to many tickets, each by itself: a refusal of one leaves the others changed and is reported.
 * `action` is `assign:<id or empty>`, `status:<key>`, `tag`, `untag`, `read`, `merge`, `spam`, `trash`.
 *
 * @throws Invalid `inbox.unknown-action`.
 */
export async function changeMany(desk: Desk, actor: Actor, tickets: readonly Ticket[], action: string, tag: string): Promise<BulkResult> {
  const change = await changeOf(desk, actor, tickets, action, tag);
  const skipped: BulkResult['skipped'][number][] = [];
  let done = 0;
  for (const ticket of tickets) {
    try {
      await change(ticket);
      done += 1;
    } catch (error) {
      if (!(error instanceof AppError) || error.status >= 500) throw error;
      skipped.push({
        number: ticket.number,
        subject: ticket.subject,
        reason: formErrors(error).list[0]?.text ?? { key: 'errors.status.422' },
      });
    }
  }
  return { done, skipped };
}

async function changeOf(
  desk: Desk,
  actor: Actor,
  tickets: readonly Ticket[],
  action: string,
  tag: string,
): Promise<(ticket: Ticket) => Promise<unknown>> {
  const [name, value = ''] = action.split(':');
  if (name === 'assign') return ({ id }) => editTicket(desk, actor, id, { assigneeId: value === '' ? null : Number(value) });
  if (name === 'status') return ({ id }) => editTicket(desk, actor, id, { status: value });
  if (name === 'read') return ({ id }) => markRead(desk, actor, { ticketId: id });
  if (name === 'spam' || name === 'trash') return ({ id }) => moveTicket(desk, actor, id, name);
  if (name === 'merge') return mergeInto(desk, actor, tickets);
  if ((name === 'tag' || name === 'untag') && tag.trim() !== '') {
    const tags = await tagsOf(
      desk.storage.read,
      tickets.map(({ id }) => id),
    );
    const wanted = tag.trim().toLowerCase();
    return ({ id }) => {
      const others = (tags.get(id) ?? []).filter((one) => one.toLowerCase() !== wanted);
      return editTicket(desk, actor, id, { tags: name === 'tag' ? [...others, tag.trim()] : others });
    };
  }
  throw new Invalid('inbox.unknown-action', { action });
}

// All become part of the oldest, which keeps its number.
function mergeInto(desk: Desk, actor: Actor, tickets: readonly Ticket[]): (ticket: Ticket) => Promise<unknown> {
  const [into] = tickets.toSorted((a, b) => a.number - b.number);
  return async (ticket) => {
    if (into === undefined || tickets.length < 2) throw new Invalid('inbox.merge-one');
    if (ticket.id !== into.id) await mergeTickets(desk, actor, ticket.id, into.id);
  };
}
