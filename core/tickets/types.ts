import type { Timestamp } from '../kernel/clock.ts';

export type Category = 'open' | 'waiting' | 'solved' | 'closed';
export type Place = 'desk' | 'spam' | 'trash';
export type Priority = 'low' | 'normal' | 'high' | 'urgent';
export const priorities: readonly Priority[] = ['low', 'normal', 'high', 'urgent'];

export interface Status {
  readonly id: number;
  readonly key: string;
  readonly category: Category;
  /** By language. */
  readonly names: Readonly<Record<string, string>>;
  readonly customerNames: Readonly<Record<string, string>>;
  readonly position: number;
  readonly isDefault: boolean;
}

export interface Ticket {
  readonly id: number;
  readonly number: number;
  readonly subject: string;
  readonly statusId: number;
  readonly category: Category;
  readonly place: Place;
  readonly priority: Priority;
  readonly channel: string;
  readonly mailboxId: number | null;
  readonly requesterId: number;
  readonly organizationId: number | null;
  readonly assigneeId: number | null;
  readonly mergedIntoId: number | null;
  readonly locale: string | null;
  readonly preview: string;
  readonly messageCount: number;
  readonly lastMessageId: number | null;
  readonly lastDirection: 'in' | 'out' | null;
  readonly lastMessageAt: Timestamp;
  readonly snoozedUntil: Timestamp | null;
  readonly solvedAt: Timestamp | null;
  readonly version: number;
  readonly createdAt: Timestamp;
  readonly updatedAt: Timestamp;
  readonly deletedAt: Timestamp | null;
}

export interface MailAddress {
  readonly name?: string | undefined;
  readonly email: string;
}

export interface MessageAddresses {
  readonly from?: MailAddress | undefined;
  readonly replyTo?: MailAddress | undefined;
  readonly to?: readonly MailAddress[] | undefined;
  readonly cc?: readonly MailAddress[] | undefined;
}

/**
 * Character ranges of `text` that pages fold; in `html` each quoted part stands in a `<div data-quote>`. Nothing is
 * removed from storage.
 */
export interface Folds {
  readonly quotes?: readonly (readonly [start: number, end: number])[] | undefined;
  readonly signature?: readonly [start: number, end: number] | undefined;
}

/** Who made it: a person, or a machine that must not move the ticket. */
export type Origin = 'person' | 'auto-reply' | 'bounce' | 'generated' | 'system';

export interface Message {
  readonly id: number;
  readonly ticketId: number;
  readonly kind: 'reply' | 'note';
  readonly direction: 'in' | 'out';
  readonly origin: Origin;
  readonly channel: string;
  readonly authorId: number | null;
  readonly text: string;
  readonly html: string | null;
  readonly folds: Folds;
  readonly addresses: MessageAddresses;
  /**
   * What those who filed it noticed, such as `unverified-agent`; the desk shows those that have a text `flag.<flag>`.
   * Of some core itself takes notice: `unquoted` (its mail leaves the earlier messages out), `unknown-sender` (images from
   * outside are never shown always) and `unverified-agent` (no answer to the customer names its Message-ID).
   */
  readonly flags: readonly string[];
  readonly messageId: string | null;
  readonly createdAt: Timestamp;
  readonly deletedAt: Timestamp | null;
}

export interface NewAttachment {
  readonly fileId: number;
  readonly contentId?: string | null | undefined;
  readonly isInline?: boolean | undefined;
}

export interface Attachment {
  readonly id: number;
  readonly messageId: number;
  readonly fileId: number;
  readonly contentId: string | null;
  readonly isInline: boolean;
  readonly name: string;
  readonly contentType: string;
  readonly size: number;
  readonly sha256: string;
}

export interface NewMessage {
  readonly text?: string | undefined;
  /** Sanitized before it is stored. */
  readonly html?: string | undefined;
  readonly attachments?: readonly NewAttachment[] | undefined;
  readonly folds?: Folds | undefined;
  readonly addresses?: MessageAddresses | undefined;
  readonly flags?: readonly string[] | undefined;
  readonly origin?: Origin | undefined;
  /** The Message-ID of an incoming mail, RFC 5322 section 3.6.4. */
  readonly messageId?: string | undefined;
  /** A second message with the same key is refused by the database: the last guard against doubles. */
  readonly externalKey?: string | undefined;
}

export interface TicketDraft {
  readonly subject: string;
  readonly requester: { readonly email: string; readonly name?: string | undefined } | { readonly userId: number };
  readonly message: NewMessage;
  readonly channel: string;
  readonly priority?: Priority | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly mailboxId?: number | null | undefined;
  readonly assigneeId?: number | null | undefined;
  readonly locale?: string | undefined;
  /** Written by the desk to the customer instead of by the customer. */
  readonly direction?: 'in' | 'out' | undefined;
  readonly cc?: readonly MailAddress[] | undefined;
  /** With `direction: 'out'`: store without sending, for talks by phone or in the shop. */
  readonly isQuiet?: boolean | undefined;
  /** Whether the customer may get an acknowledgement. Default true for mail and forms. */
  readonly mayAcknowledge?: boolean | undefined;
  /** When the customer wrote, for imports; default now. */
  readonly createdAt?: Timestamp | undefined;
  readonly place?: Place | undefined;
}
