import MailComposer from 'nodemailer/lib/mail-composer';
import type { Desk } from '../desk.ts';
import { findFiles } from '../files/index.ts';
import { isEmailAddress } from '../users/index.ts';
import { oneLine } from './composing.ts';
import { recipientsOf } from './recipients-repository.ts';
import type { Address, OutboxEntry, OutgoingMail } from './types.ts';

/** A mail as it goes over the wire. */
export interface BuiltMail {
  readonly envelope: { readonly from: string; readonly to: readonly string[] };
  readonly content: Buffer;
}

/** Lets plugins shape an outbox entry and makes the bytes of it. */
export async function buildMail(desk: Desk, entry: OutboxEntry): Promise<BuiltMail> {
  const mail: OutgoingMail = {
    subject: entry.subject,
    text: entry.text,
    html: entry.html,
    headers: entry.headers,
    replyTo: entry.envelope.replyTo,
  };
  const context = { outboxId: entry.id, kind: entry.kind, ticketId: entry.ticketId, mailboxId: entry.mailboxId, to: entry.envelope.to };
  const shaped = await desk.hooks.applyFilter('mail.outgoing', mail, context);
  const { 'In-Reply-To': inReplyTo, References: references, ...headers } = shaped.headers;
  const composer = new MailComposer({
    from: mailAddress(entry.envelope.from),
    to: entry.envelope.to.map(mailAddress),
    cc: entry.envelope.cc.map(mailAddress),
    ...(shaped.replyTo === undefined ? {} : { replyTo: mailAddress(shaped.replyTo) }),
    subject: oneLine(shaped.subject),
    text: shaped.text,
    ...(shaped.html === null ? {} : { html: shaped.html }),
    messageId: entry.messageId,
    ...(inReplyTo === undefined ? {} : { inReplyTo: oneLine(inReplyTo) }),
    ...(references === undefined ? {} : { references: oneLine(references) }),
    headers: Object.entries(headers)
      .filter(([name]) => /^[A-Za-z0-9-]{1,100}$/.test(name))
      .map(([key, value]) => ({ key, value: oneLine(value) })),
    date: new Date(entry.sentAt ?? desk.clock.now()),
    attachments: await filesOf(desk, entry),
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return { envelope: { from: returnPathOf(entry, shaped), to: recipientsOf(entry) }, content: await composer.compile().build() };
}

// A plugin may give each mail a return path of its own, at the domain the mail comes from and nowhere else.
function returnPathOf({ envelope }: OutboxEntry, { returnPath }: OutgoingMail): string {
  const from = envelope.from.email;
  const isOurs = returnPath !== undefined && isEmailAddress(returnPath) && domainOf(returnPath) === domainOf(from);
  return isOurs ? returnPath : from;
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase();
}

async function filesOf(desk: Desk, entry: OutboxEntry) {
  const files = await findFiles(
    desk.storage.read,
    entry.files.map(({ fileId }) => fileId),
  );
  return Promise.all(
    entry.files.map(async ({ fileId, contentId }) => {
      const file = files.find((one) => one.id === fileId);
      const content = file === undefined ? Buffer.alloc(0) : await desk.files.read(file.sha256);
      return {
        filename: oneLine(file?.name ?? 'file'),
        contentType: file?.contentType ?? 'application/octet-stream',
        content,
        ...(contentId === undefined ? {} : { cid: contentId, contentDisposition: 'inline' as const }),
      };
    }),
  );
}

function mailAddress({ name, email }: Address): { name: string; address: string } {
  return { name: oneLine(name ?? ''), address: email };
}
