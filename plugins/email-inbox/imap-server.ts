import type { ImapServer } from './imap-connection.ts';
import { imapSecret, type Receiver } from './receivers-repository.ts';
import type { InboxContext } from './settings.ts';

/** The server of a receiver with what it signs in with: the token of its provider, else its password. */
export async function serverOf(ctx: InboxContext, receiver: Receiver): Promise<ImapServer> {
  const accessToken = await ctx.mail.accessToken(receiver.mailboxId, receiver.host);
  if (accessToken === undefined) return { ...receiver, password: await ctx.secrets.get(imapSecret(receiver.mailboxId)) };
  const user = receiver.user ?? (await ctx.mail.mailbox(receiver.mailboxId))?.address ?? null;
  return { ...receiver, user, password: undefined, accessToken };
}
