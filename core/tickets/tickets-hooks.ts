import type { NewMessage, TicketDraft } from './types.ts';

declare module '../kernel/hook-map.ts' {
  interface Actions {
    /** A ticket and its first message are stored. */
    'ticket.opened': { readonly ticketId: number; readonly messageId: number; readonly channel: string; readonly mayAcknowledge: boolean };
    /** A public message was added to a ticket, by the customer (`in`) or the desk (`out`). */
    'ticket.replied': { readonly ticketId: number; readonly messageId: number; readonly direction: 'in' | 'out'; readonly origin: string };
    /** An internal note was added. */
    'ticket.noted': { readonly ticketId: number; readonly messageId: number; readonly mentioned: readonly number[] };
    /** The assignee changed; null is nobody. */
    'ticket.assigned': { readonly ticketId: number; readonly from: number | null; readonly to: number | null };
    /** The status changed; keys of status rows. */
    'ticket.status-changed': { readonly ticketId: number; readonly from: string; readonly to: string; readonly category: string };
    /** Subject, priority, tags, mailbox or another property changed. */
    'ticket.changed': {
      readonly ticketId: number;
      readonly changes: Readonly<Record<string, { readonly from: unknown; readonly to: unknown }>>;
    };
    /** The ticket was put away until a moment, or (null) came back. */
    'ticket.snoozed': { readonly ticketId: number; readonly until: number | null };
    /** The ticket moved between desk, spam and trash. */
    'ticket.moved': { readonly ticketId: number; readonly from: string; readonly to: string };
    /** The messages of `ticketId` now belong to `intoId`. */
    'ticket.merged': { readonly ticketId: number; readonly intoId: number };
    /** A message of `ticketId` was taken out of it and belongs to `intoId` now. */
    'ticket.split': { readonly ticketId: number; readonly intoId: number; readonly messageId: number };
    /** Two tickets were linked or the link was removed. */
    'ticket.linked': { readonly ticketId: number; readonly otherId: number; readonly isLinked: boolean };
    /** Somebody follows or unfollows. */
    'ticket.followed': { readonly ticketId: number; readonly userId: number; readonly isFollowing: boolean };
    /** A held reply was taken back before it left. */
    'ticket.reply-undone': { readonly ticketId: number; readonly messageId: number };
  }
  interface Filters {
    /** Shapes a new ticket before anything is written; runs outside the transaction. */
    'ticket.draft': { readonly value: TicketDraft; readonly context: { readonly actorUserId: number | null } };
    /** Shapes a public message before anything is written. */
    'ticket.reply': { readonly value: NewMessage; readonly context: { readonly ticketId: number; readonly direction: 'in' | 'out' } };
  }
  interface Decisions {
    /** May the ticket be solved or closed? A verdict refuses with its reason. */
    'ticket.close': {
      readonly input: { readonly ticketId: number; readonly category: string };
      readonly verdict: { readonly reason: string };
    };
  }
  interface Slots {
    /** Cards beside a ticket on the desk. */
    'ticket.sidebar': { readonly ticketId: number; readonly requesterId: number };
    /**
     * Below the messages of a ticket; asked once with all messages of the page. `load` answers with `items`, the data of each
     * message by its id; a message without data gets nothing.
     */
    'ticket.message': { readonly ticketId: number; readonly messageIds: readonly number[] };
    /** Marks in the rows of a list; asked once with all tickets of the page. */
    'ticket.row': { readonly ticketIds: readonly number[] };
  }
}

export const ticketsActions = [
  'ticket.opened',
  'ticket.replied',
  'ticket.noted',
  'ticket.assigned',
  'ticket.status-changed',
  'ticket.changed',
  'ticket.snoozed',
  'ticket.moved',
  'ticket.merged',
  'ticket.split',
  'ticket.linked',
  'ticket.followed',
  'ticket.reply-undone',
] as const;
export const ticketsFilters = ['ticket.draft', 'ticket.reply'] as const;
export const ticketsDecisions = ['ticket.close'] as const;
