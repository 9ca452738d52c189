import type { Address, IncomingMail, OutboxEntry, OutgoingMail } from './types.ts';

declare module '../kernel/hook-map.ts' {
  interface Actions {
    /** The server accepted a mail. */
    'mail.sent': {
      readonly outboxId: number;
      readonly ticketId: number | null;
      readonly messageId: number | null;
      readonly mayBeDoubled: boolean;
    };
    /** A mail will not reach all of its recipients; `error` holds the server's words, or ours in English. */
    'mail.failed': {
      readonly outboxId: number;
      readonly kind: OutboxEntry['kind'];
      readonly ticketId: number | null;
      readonly messageId: number | null;
      readonly error: string;
    };
    /** A server, a mail program or a provider told something of a sent mail that is no failure. */
    'mail.reported': {
      readonly outboxId: number;
      readonly kind: 'delayed' | 'delivered' | 'read' | 'complaint';
      readonly ticketId: number | null;
      readonly messageId: number | null;
      readonly address: string;
    };
    /** Something about mail that a person has to know: the administrators, or the one user it names. */
    'mail.alert': {
      readonly alert: 'loop-guard' | 'flood' | 'notices-off' | 'signed-out';
      readonly address: string;
      readonly mailboxId: number | null;
      readonly userId: number | null;
    };
    /** Mail of a mailbox, or with null of the desk itself, did not get on, which the administrators have to know; told once for each outage. */
    'mail.stalled': {
      readonly alert: 'not-receiving' | 'not-sending' | 'unfiled';
      readonly mailboxId: number | null;
    };
    /** A mail was received and stored; told by whichever plugin receives. */
    'mail.received': { readonly mailboxId: number; readonly ticketId: number | null; readonly messageId: number | null };
    /** A mailbox was added, edited or removed. */
    'mailbox.changed': { readonly mailboxId: number };
  }
  interface Decisions {
    /** May a received mail become a message? A verdict sends it to the mail log (`ignore`) or its new ticket to spam; the raw mail is kept either way. */
    'mail.accept': {
      readonly input: { readonly mailboxId: number; readonly mail: IncomingMail };
      readonly verdict: { readonly action: 'ignore' | 'spam'; readonly reason: string };
    };
  }
  interface Filters {
    /** Shapes a received mail before it is filed; runs outside the transaction. Sender, recipients and raw bytes are not among it. */
    'mail.incoming': {
      readonly value: IncomingMail;
      readonly context: { readonly mailboxId: number; readonly headers: readonly { readonly name: string; readonly value: string }[] };
    };
    /** Shapes a mail right before sending, in the job, on each attempt. */
    'mail.outgoing': {
      readonly value: OutgoingMail;
      readonly context: {
        readonly outboxId: number;
        readonly kind: string;
        readonly ticketId: number | null;
        readonly mailboxId: number | null;
        readonly to: readonly Address[];
      };
    };
  }
}

export const mailActions = [
  'mail.sent',
  'mail.failed',
  'mail.reported',
  'mail.alert',
  'mail.stalled',
  'mail.received',
  'mailbox.changed',
] as const;
export const mailFilters = ['mail.outgoing', 'mail.incoming'] as const;
export const mailDecisions = ['mail.accept'] as const;
