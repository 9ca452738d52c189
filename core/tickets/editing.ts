import type { Desk } from '../desk.ts';
import { Conflict, Invalid } from '../kernel/errors.ts';
import { findMailbox } from '../mail/index.ts';
import { indexTicket } from '../search/index.ts';
import { findOrCreateCustomer, findUser, type Actor } from '../users/index.ts';
import { applyAssignee } from './assigning.ts';
import { applyStatus, refuseClosing } from './changing-status.ts';
import { cleanSubject } from './opening.ts';
import { setTags, tagsOf } from './tagging.ts';
import { mayChangeStatus, mayEdit, require } from './tickets-policy.ts';
import { lockTicket, updateTicket } from './tickets-repository.ts';
import { priorities, type Priority, type Ticket } from './types.ts';
import { seeTicket } from './visible-tickets.ts';

export interface TicketChanges {
  readonly subject?: string | undefined;
  readonly status?: string | undefined;
  readonly priority?: Priority | undefined;
  readonly assigneeId?: number | null | undefined;
  readonly tags?: readonly string[] | undefined;
  /** Put beside the tags there are. */
  readonly addTags?: readonly string[] | undefined;
  /** Whose ticket it is from now on; an unknown address becomes a customer. */
  readonly requester?: { readonly email: string; readonly name?: string | undefined } | undefined;
  /** Where the next reply leaves from. */
  readonly mailboxId?: number | null | undefined;
  /** What the editor saw; a stale one is refused with `tickets.stale`. */
  readonly version?: number | undefined;
}

/**
 * Changes several properties in one step, all or none.
 *
 * @throws Conflict `tickets.stale`, Invalid, Forbidden, Refused.
 */
export async function editTicket(desk: Desk, actor: Actor, ticketId: number, changes: TicketChanges): Promise<Ticket> {
  const seen = await seeTicket(desk, actor, ticketId);
  const { status: statusKey, ...others } = changes;
  const touchesOthers = Object.entries(others).some(([key, value]) => key !== 'version' && value !== undefined);
  if (touchesOthers) require(mayEdit(actor), 'tickets.edit');
  if (changes.priority !== undefined && !priorities.includes(changes.priority))
    throw new Invalid('tickets.unknown-priority', { priority: changes.priority, fields: ['priority'] });
  const subject = changes.subject === undefined ? undefined : cleanSubject(changes.subject);
  if (subject === '') throw new Invalid('tickets.subject-missing', { fields: ['subject'] });
  if (changes.mailboxId != null && (await findMailbox(desk.storage.read, changes.mailboxId)) === undefined)
    throw new Invalid('mailboxes.not-found', { id: changes.mailboxId, fields: ['mailbox'] });
  const status = statusKey === undefined ? undefined : await desk.statuses.byKey(statusKey);
  if (status !== undefined) {
    require(mayChangeStatus(actor, seen, status.category), 'tickets.edit');
    await refuseClosing(desk, seen, status);
  }

  return desk.storage.writeTx(async (tx) => {
    await lockTicket(tx, ticketId);
    let ticket = await seeTicket(desk, actor, ticketId, tx);
    const changed: Record<string, { from: unknown; to: unknown }> = {};
    if (subject !== undefined && subject !== ticket.subject) changed['subject'] = { from: ticket.subject, to: subject };
    if (changes.priority !== undefined && changes.priority !== ticket.priority)
      changed['priority'] = { from: ticket.priority, to: changes.priority };
    if (changes.mailboxId !== undefined && changes.mailboxId !== ticket.mailboxId)
      changed['mailbox'] = { from: ticket.mailboxId, to: changes.mailboxId };
    const customer = changes.requester === undefined ? undefined : await findOrCreateCustomer(desk, tx, changes.requester);
    if (customer !== undefined && customer.id !== ticket.requesterId) changed['requester'] = { from: ticket.requesterId, to: customer.id };
    const tags = changes.tags ?? (changes.addTags === undefined ? undefined : [...(await tagsOf(tx, ticketId)), ...changes.addTags]);
    if (tags !== undefined) {
      const before = await setTags(tx, desk.clock, ticketId, tags);
      const after = await tagsOf(tx, ticketId);
      if (before.join('\n') !== after.join('\n')) changed['tags'] = { from: before, to: after };
    }
    // The same form sent twice, as Enter in the tag field does, changes nothing and offends nobody.
    const changesMore =
      (changes.assigneeId !== undefined && changes.assigneeId !== ticket.assigneeId) ||
      (status !== undefined && status.id !== ticket.statusId);
    const isStale = changes.version !== undefined && changes.version !== ticket.version;
    if (isStale && (changesMore || Object.keys(changed).length > 0))
      throw new Conflict('tickets.stale', { ticketId, version: ticket.version });
    if (Object.keys(changed).length > 0) {
      ticket = await updateTicket(tx, ticketId, {
        ...('subject' in changed && subject !== undefined ? { subject } : {}),
        ...('priority' in changed && changes.priority !== undefined ? { priority: changes.priority } : {}),
        ...('mailbox' in changed ? { mailbox_id: changes.mailboxId ?? null } : {}),
        ...('requester' in changed && customer !== undefined
          ? { requester_id: customer.id, organization_id: customer.organizationId }
          : {}),
        updated_at: desk.clock.now(),
      });
      if ('subject' in changed || 'requester' in changed) {
        const requester = await findUser(tx, ticket.requesterId);
        await indexTicket(tx, desk.storage.dialect, {
          id: ticketId,
          number: ticket.number,
          subject: ticket.subject,
          requesterName: requester?.name ?? '',
          requesterEmail: requester?.email ?? null,
        });
      }
      await desk.events.record(tx, 'ticket.changed', { actor, ticketId, payload: { ticketId, changes: changed } });
    }
    if (changes.assigneeId !== undefined) ticket = await applyAssignee(desk, tx, actor, ticket, changes.assigneeId);
    if (status !== undefined) ticket = await applyStatus(desk, tx, actor, ticket, status);
    return ticket;
  });
}
