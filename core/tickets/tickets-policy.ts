import { Forbidden } from '../kernel/errors.ts';
import { isAllowed, type Actor } from '../users/index.ts';
import type { Category, Ticket } from './types.ts';

/** Customers may write to the tickets they can see; agents need the permission. */
export function mayReply(actor: Actor): boolean {
  return (actor.kind === 'user' && actor.role === 'customer') || isAllowed(actor, 'tickets.reply');
}

export function mayNote(actor: Actor): boolean {
  return isDesk(actor) && isAllowed(actor, 'tickets.note');
}

export function mayEdit(actor: Actor): boolean {
  return isDesk(actor) && isAllowed(actor, 'tickets.edit');
}

export function mayDelete(actor: Actor): boolean {
  return isDesk(actor) && isAllowed(actor, 'tickets.delete');
}

/** Customers may say that their own ticket is solved, and open it again; without a category: whether they may at all. */
export function mayChangeStatus(actor: Actor, ticket: Ticket, category?: Category): boolean {
  if (actor.kind === 'user' && actor.role === 'customer')
    return ticket.requesterId === actor.userId && (category === undefined || category === 'open' || category === 'solved');
  return mayEdit(actor);
}

/** @throws Forbidden with the missing permission. */
export function require(isGranted: boolean, permission: string): void {
  if (!isGranted) throw new Forbidden('auth.forbidden', { permission });
}

function isDesk(actor: Actor): boolean {
  return actor.kind !== 'user' || actor.role === 'agent';
}
