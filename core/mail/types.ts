import type { Timestamp } from '../kernel/clock.ts';

export type OutboxState = 'held' | 'queued' | 'sending' | 'sent' | 'failed' | 'uncertain' | 'undone';

export interface Address {
  readonly name?: string | undefined;
  readonly email: string;
}

/** Frozen when the mail is queued: whoever changes the ticket later does not change who gets this mail. */
export interface Envelope {
  readonly from: Address;
  readonly to: readonly Address[];
  readonly cc: readonly Address[];
  readonly replyTo?: Address | undefined;
  /** The addresses that the server refused while it took the mail for the others; further tries go to them alone. */
  readonly only?: readonly string[] | undefined;
}

export interface OutboxFile {
  readonly fileId: number;
  readonly contentId?: string | undefined;
}

export interface OutboxEntry {
  readonly id: number;
  readonly kind: 'reply' | 'acknowledgement' | 'notification' | 'system' | 'plugin';
  readonly ticketId: number | null;
  readonly messageRef: number | null;
  readonly mailboxId: number | null;
  readonly state: OutboxState;
  readonly envelope: Envelope;
  readonly headers: Readonly<Record<string, string>>;
  readonly subject: string;
  readonly text: string;
  readonly html: string | null;
  readonly files: readonly OutboxFile[];
  readonly messageId: string;
  readonly sendAfter: Timestamp;
  readonly attempts: number;
  readonly mayBeDoubled: boolean;
  readonly firstTriedAt: Timestamp | null;
  /** How often the server put it off. */
  readonly deferrals: number;
  /** How often nobody could say whether it had arrived; after two a person decides. */
  readonly doubts: number;
  /** The server has asked for the content of the running try. */
  readonly isOnWire: boolean;
  readonly error: string | null;
  readonly response: string | null;
  readonly sentAt: Timestamp | null;
  readonly createdAt: Timestamp;
  /** When the state changed last. */
  readonly updatedAt: Timestamp;
}

/** What `mail.outgoing` may shape just before the mail goes to its server. Recipients and Message-ID are not among it. */
export interface OutgoingMail {
  readonly subject: string;
  readonly text: string;
  readonly html: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly replyTo?: Address | undefined;
  /** Where reports on this one mail go, at the domain of its sender; default the sender. */
  readonly returnPath?: string | undefined;
}

/** What a received mail looks like to `mail.incoming` and `mail.accept`. */
export interface IncomingMail {
  readonly subject: string;
  readonly text: string;
  readonly html: string | undefined;
  readonly from: Address | undefined;
  /** What the mail is, such as `human`, `auto-reply`, `list`. */
  readonly kind: string;
  readonly tags: readonly string[];
  readonly priority?: 'low' | 'normal' | 'high' | 'urgent' | undefined;
}

export type Encryption = 'tls' | 'starttls' | 'auto';

/** An SMTP server without its password. */
export interface Transport {
  readonly host: string;
  readonly port: number;
  readonly encryption: Encryption;
  readonly user?: string | undefined;
  /** Given on the command line, so it may be private; one typed in a browser may where `privateHosts` names it. */
  readonly isOperators?: boolean | undefined;
}

export interface Mailbox {
  readonly id: number;
  readonly name: string;
  readonly address: string;
  readonly aliases: readonly string[];
  readonly signature: string;
  readonly locale: string | null;
  readonly transport: Transport | null;
  readonly isActive: boolean;
  readonly acknowledges: boolean;
  /** Whether a copy of what is sent is put into the folder of sent mail: `auto` where the provider does not do it. */
  readonly sentCopy: 'auto' | 'always' | 'never';
  /** Mails a minute; null is what its provider is known to allow. */
  readonly perMinute: number | null;
  readonly lastSentAt: Timestamp | null;
  readonly lastError: string | null;
  readonly lastErrorAt: Timestamp | null;
  readonly version: number;
}
