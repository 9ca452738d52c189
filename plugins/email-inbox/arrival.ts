import type { Mailbox, PluginTx } from '@helpdesk/core/plugin';
import type { Classification } from './classifying.ts';
import type { KnownDesk } from './desk-identity.ts';
import type { MailAuthor } from './mail-identity.ts';
import type { StoredMail } from './mails-repository.ts';
import type { ParsedMail } from './parsed-mail.ts';
import type { Receiver } from './receivers-repository.ts';

/** Everything known about a mail before it is filed. */
export interface Arrival {
  readonly stored: StoredMail;
  readonly raw: Uint8Array;
  readonly mail: ParsedMail;
  /** Whose ticket it becomes; `stored.mailboxId` is the one that it came in by, which also sees the ticket. */
  readonly mailbox: Mailbox;
  /** Of the mailbox that it came in by. */
  readonly receiver: Receiver | undefined;
  readonly desk: KnownDesk;
  readonly kind: Classification;
  /** Undefined when From holds no address that could be answered. */
  readonly author: MailAuthor | undefined;
  /** Old mail taken in: nothing is sent because of it. */
  readonly isArchive: boolean;
  /** When the mail counts as written: never in the future. */
  readonly at: number;
  /** Marks the job done in the transaction that settles the mail. */
  readonly finish: (tx: PluginTx) => Promise<void>;
}
