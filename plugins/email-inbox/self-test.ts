import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { Conflict, type Mailbox } from '@helpdesk/core/plugin';
import type { Arrival } from './arrival.ts';
import { topmostServer } from './authentication.ts';
import { addressSecret } from './desk-identity.ts';
import { findReceiver } from './receivers-repository.ts';
import type { InboxContext } from './settings.ts';
import { recipientAddresses } from './threading-ids.ts';

/*
 * A mail from the mailbox to itself, to `local+check<nonce>.<mac>@domain`. When it comes back, plus addresses work,
 * so signed answer addresses are turned on, and its Authentication-Results names the server that may be believed and shows
 * how many of our own hops stand above it.
 */

function macOf(ctx: InboxContext, mailboxId: number, nonce: string): string {
  return createHmac('sha256', addressSecret(ctx)).update(`check|${mailboxId}|${nonce}`).digest('hex').slice(0, 20);
}

/** Sends the test mail. @throws Conflict `email-inbox.self-test-unsent` when the mailbox receives or sends nothing. */
export async function sendSelfTest(ctx: InboxContext, mailbox: Mailbox): Promise<void> {
  const receiver = await findReceiver(ctx, mailbox.id);
  const nonce = randomBytes(4).toString('hex');
  const at = mailbox.address.lastIndexOf('@');
  const email = `${mailbox.address.slice(0, at)}+check${nonce}.${macOf(ctx, mailbox.id, nonce)}${mailbox.address.slice(at)}`;
  const { t } = ctx.i18n.translatorFor(mailbox.locale);
  const isQueued =
    receiver !== undefined &&
    mailbox.transport !== null &&
    (await ctx.db.tx((tx) =>
      ctx.mail.queueAutomatic(
        tx,
        { kind: 'plugin', to: { email }, mailbox, subject: t('email-inbox.self-test.subject'), text: t('email-inbox.self-test.body') },
        undefined,
      ),
    ));
  if (!isQueued) throw new Conflict('email-inbox.self-test-unsent', { address: mailbox.address });
}

/** Whether a mail of our own is the test mail of its mailbox; then what it proves is noted. */
export async function noteSelfTest(ctx: InboxContext, { mail, mailbox }: Arrival): Promise<boolean> {
  const isTest = recipientAddresses(mail.headers).some((address) => {
    const [, nonce = '', mac = ''] = /\+check([0-9a-f]{8})\.([0-9a-f]{20})@/i.exec(address) ?? [];
    return mac !== '' && timingSafeEqual(Buffer.from(mac.toLowerCase()), Buffer.from(macOf(ctx, mailbox.id, nonce.toLowerCase())));
  });
  if (!isTest) return false;
  const seen = topmostServer(mail.headers);
  await ctx.db.tx((tx) =>
    tx
      .table('receivers')
      .where({ mailbox_id: mailbox.id })
      .update({
        plus_proven_at: ctx.clock.now(),
        signs_addresses: true,
        ...(seen === undefined ? {} : { seen_authserv_id: seen.id, own_hops: seen.hops }),
      }),
  );
  return true;
}
