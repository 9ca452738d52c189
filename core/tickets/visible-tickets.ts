import type { Knex } from 'knex';
import { NotFound } from '../kernel/errors.ts';
import type { Desk } from '../desk.ts';
import type { Reader } from '../storage/index.ts';
import { isAllowed, type Actor } from '../users/index.ts';
import { findTicket, livingTicket, ticketFromRow, ticketIdOfNumber, type TicketRow } from './tickets-repository.ts';
import type { Ticket } from './types.ts';

/**
 * The one door to tickets: narrows a query over `tickets` to what the actor may see. Lists, single
 * tickets, search, the API, live topics, notifications and exports all pass through it.
 */
export function visibleTickets(query: Knex.QueryBuilder, actor: Actor): Knex.QueryBuilder {
  void query.whereNull('tickets.deleted_at');
  if (actor.kind !== 'user') return query;
  if (actor.role === 'agent') return isAllowed(actor, 'tickets.view') ? query : query.whereRaw('1 = 0');
  // A token's scopes narrow a customer as well as an agent.
  if (actor.scopes !== undefined && !actor.scopes.has('*') && !actor.scopes.has('tickets') && !actor.scopes.has('tickets.view'))
    return query.whereRaw('1 = 0');
  const { userId, organizationId } = actor;
  return query.whereNot('tickets.place', 'trash').where((own) => {
    void own
      .where('tickets.requester_id', userId)
      .orWhereExists(
        (followed) => void followed.from('followers').whereRaw('followers.ticket_id = tickets.id').where('followers.user_id', userId),
      );
    if (organizationId !== null && actor.permissions.has('organization.tickets'))
      void own.orWhere('tickets.organization_id', organizationId);
  });
}

/** All rows of `tickets` that the actor may see, to be narrowed further. */
export function ticketsFor(reader: Reader, actor: Actor): Knex.QueryBuilder {
  return visibleTickets(reader('tickets'), actor);
}

/** @throws NotFound also when the ticket exists and the actor may not see it. */
export async function seeTicket(desk: Desk, actor: Actor, id: number, reader: Reader = desk.storage.read): Promise<Ticket> {
  const row: TicketRow | undefined = await ticketsFor(reader, actor).where('tickets.id', id).first('tickets.*');
  if (row === undefined) throw new NotFound('tickets.not-found', { id });
  return ticketFromRow(row);
}

/** By number; the number of a merged ticket leads to the one that took it in. @throws NotFound */
export async function seeTicketByNumber(desk: Desk, actor: Actor, number: number): Promise<Ticket> {
  const row: TicketRow | undefined = Number.isSafeInteger(number)
    ? await ticketsFor(desk.storage.read, actor).where('tickets.number', number).first('tickets.*')
    : undefined;
  if (row !== undefined) return ticketFromRow(row);
  const id = Number.isSafeInteger(number) ? await ticketIdOfNumber(desk.storage.read, number) : undefined;
  if (id === undefined) throw new NotFound('tickets.not-found', { number });
  return seeTicket(desk, actor, id);
}

/** The ticket that mail for this one belongs to: merges are followed to their end. */
export async function resolveMerged(reader: Reader, id: number): Promise<Ticket | undefined> {
  const ticket = await findTicket(reader, id);
  return ticket === undefined ? undefined : livingTicket(reader, ticket);
}
