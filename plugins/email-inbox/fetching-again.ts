import { Unavailable } from '@helpdesk/core/plugin';
import { openImap, within } from './imap-connection.ts';
import { serverOf } from './imap-server.ts';
import type { StoredMail } from './mails-repository.ts';
import { findReceiver } from './receivers-repository.ts';
import type { InboxContext } from './settings.ts';
import { transfer } from './transferring.ts';

/**
 * Brings a mail that the server did not deliver when it was fetched, and puts it in the place of its stand-in.
 *
 * @throws Unavailable `email-inbox.mail-gone` when it is no longer where it was, and what the server or the line says.
 */
export async function fetchAgain(ctx: InboxContext, stored: StoredMail): Promise<StoredMail> {
  const receiver = await findReceiver(ctx, stored.mailboxId);
  if (receiver === undefined || receiver.account !== stored.account || receiver.folder !== stored.folder) throw gone();
  const { maxMailMegabytes } = await ctx.settings.get();
  const client = await openImap(await serverOf(ctx, receiver), { signal: ctx.signal });
  try {
    const folder = await within(client, 'SELECT', client.mailboxOpen(stored.folder, { readOnly: true }));
    if (Number(folder.uidValidity) !== stored.uidValidity) throw gone();
    const listed = await within(
      client,
      'list a mail',
      client.fetchAll(String(stored.uid), { uid: true, size: true, internalDate: true }, { uid: true }),
    );
    const [mail] = await transfer(ctx, { client, receiver, maxBytes: maxMailMegabytes * 1024 * 1024 }, listed);
    if (mail === undefined) throw gone();
    const { sha256, size } = await ctx.files.store(mail.raw);
    const change = { sha256, size, cut: mail.cut ?? null };
    await ctx.db.tx((tx) => tx.table('mails').where({ id: stored.id }).update(change));
    return { ...stored, ...change };
  } finally {
    client.close();
  }
}

function gone(): Unavailable {
  return new Unavailable('email-inbox.mail-gone', { message: 'The mail is no longer where it was on the server.' });
}
