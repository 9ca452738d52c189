import type { Desk } from '../desk.ts';
import type { JobRun } from '../jobs/index.ts';
import type { Tx } from '../storage/index.ts';
import { buildMail } from './building.ts';
import { findMailbox } from './mailboxes.ts';
import { findOutboxEntry } from './outbox-repository.ts';
import { providerOf } from './providers.ts';
import type { OutboxEntry } from './types.ts';

/** The folder in which a mailbox keeps what it sent, as whoever receives for that mailbox reaches it. */
export interface SentFolder {
  /** Whether a mail with this Message-ID lies in the folder; false where the mailbox has none at hand. Throws where it could not look. */
  has(mailboxId: number, messageId: string): Promise<boolean>;
  /** Puts a copy in, unless one with this Message-ID is there; false where the mailbox has no folder at hand. */
  append(mailboxId: number, mail: { readonly messageId: string; readonly raw: Uint8Array; readonly sentAt: number }): Promise<boolean>;
}

declare module '../kernel/hook-map.ts' {
  interface Services {
    /** The folder of sent mail of each mailbox: asked before a mail in doubt is sent again, and given copies. */
    'mail.sent-folder': SentFolder;
  }
}

/** Plans the copy in the folder of sent mail, where the provider makes none. */
export async function keepSentCopy(desk: Desk, tx: Tx, { id, mailboxId }: OutboxEntry): Promise<void> {
  if (mailboxId === null || desk.services.get('mail.sent-folder') === undefined) return;
  const mailbox = await findMailbox(tx, mailboxId);
  if (mailbox === undefined || mailbox.sentCopy === 'never') return;
  if (mailbox.sentCopy === 'auto' && providerOf(mailbox.transport?.host)?.keepsSentCopy === true) return;
  await desk.jobs.enqueue(tx, {
    name: 'mail.keep-copy',
    payload: { outboxId: id },
    lane: 'bulk',
    dedupeKey: `mail.keep-copy:${id}`,
    concurrencyKey: `mail.keep-copy:${mailboxId}`,
    maxAttempts: 6,
  });
}

/** The job that puts one sent mail into the folder of sent mail. */
export async function keepCopy(desk: Desk, job: JobRun): Promise<void> {
  const entry = await findOutboxEntry(desk.storage.read, Number(job.payload['outboxId']));
  const folder = desk.services.get('mail.sent-folder');
  if (entry === undefined || entry.mailboxId === null || entry.sentAt === null || folder === undefined) return;
  const { content } = await buildMail(desk, entry);
  await folder.append(entry.mailboxId, { messageId: entry.messageId, raw: content, sentAt: entry.sentAt });
}
