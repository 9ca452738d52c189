import type { OutgoingMail } from './types.ts';

declare module '../kernel/hook-map.ts' {
  interface Actions {
    /** The server accepted a mail. */
    'mail.sent': { readonly outboxId: number; readonly ticketId: number | null; readonly messageId: number | null; readonly mayBeDoubled: boolean };
    /** A mail will not be tried again; `error` holds the server's words. */
    'mail.failed': { readonly outboxId: number; readonly ticketId: number | null; readonly messageId: number | null; readonly error: string };
    /** A mail was received and stored; told by whichever plugin receives. */
    'mail.received': { readonly mailboxId: number; readonly ticketId: number | null; readonly messageId: number | null };
    /** A mailbox was added, edited or removed. */
    'mailbox.changed': { readonly mailboxId: number };
  }
  interface Filters {
    /** Shapes a mail right before sending, in the job, on each attempt. */
    'mail.outgoing': { readonly value: OutgoingMail; readonly context: { readonly outboxId: number; readonly kind: string; readonly ticketId: number | null; readonly mailboxId: number | null } };
  }
}

export const mailActions = ['mail.sent', 'mail.failed', 'mail.received', 'mailbox.changed'] as const;
export const mailFilters = ['mail.outgoing'] as const;
