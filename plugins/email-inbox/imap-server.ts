import { Unavailable } from '@helpdesk/core/plugin';
import type { ImapServer } from './imap-connection.ts';
import { imapSecret, type Receiver } from './receivers-repository.ts';
import type { InboxContext } from './settings.ts';

/**
 * The server of a receiver with what it signs in with: the token of its provider, else its password.
 *
 * @throws Unavailable `email-inbox.not-signed-in` while it has neither, `mail.sign-in-again` when the provider no longer takes its sign-in.
 */
export async function serverOf(ctx: InboxContext, receiver: Receiver): Promise<ImapServer> {
  const { mailboxId, user } = receiver;
  const server = await withSignIn(ctx, mailboxId, { ...receiver, password: await ctx.secrets.get(imapSecret(mailboxId)) });
  if (user !== null && server.password === undefined && server.accessToken === undefined)
    throw new Unavailable('email-inbox.not-signed-in', { mailboxId, message: 'This mailbox has to be signed in at its provider.' });
  return allowed(ctx, server);
}

/** The server as it may be connected to today: what the operator allows is asked anew each time. */
export function allowed(ctx: InboxContext, server: ImapServer): ImapServer {
  return { ...server, isOperators: server.isOperators || ctx.net.allowsPrivate(server.host) };
}

/** The server with the token of the provider that its mailbox signed in at, in the place of a password. */
export async function withSignIn(ctx: InboxContext, mailboxId: number, server: ImapServer): Promise<ImapServer> {
  const accessToken = await ctx.mail.accessToken(mailboxId, server.host);
  if (accessToken === undefined) return server;
  const user = server.user ?? (await ctx.mail.mailbox(mailboxId))?.address ?? null;
  return { ...server, user, password: undefined, accessToken };
}
