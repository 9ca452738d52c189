import type { ImapFlow } from 'imapflow';
import { Unavailable, type SentFolder } from '@helpdesk/core/plugin';
import { openImap, searchUids, within } from './imap-connection.ts';
import { serverOf } from './imap-server.ts';
import { findReceiver } from './receivers-repository.ts';
import type { InboxContext } from './settings.ts';

/**
 * The folder of sent mail over IMAP: by it core learns whether a mail of which the server's last word got lost was
 * sent after all (mail.md O3), and keeps copies where the provider makes none (O8).
 */
export function sentFolder(ctx: InboxContext): SentFolder {
  return {
    async has(mailboxId, messageId) {
      return (await inFolder(ctx, mailboxId, (client) => holds(client, messageId))) ?? false;
    },
    async append(mailboxId, { messageId, raw, sentAt }) {
      const isKept = await inFolder(ctx, mailboxId, async (client, path) => {
        if (await holds(client, messageId)) return true;
        await within(client, 'APPEND', client.append(path, Buffer.from(raw), ['\\Seen'], new Date(sentAt)));
        return true;
      });
      return isKept ?? false;
    },
  };
}

/** Undefined where the mailbox does not receive by IMAP, or has no folder for what was sent. @throws what the server or the line says. */
async function inFolder<T>(
  ctx: InboxContext,
  mailboxId: number,
  work: (client: ImapFlow, path: string) => Promise<T>,
): Promise<T | undefined> {
  const receiver = await findReceiver(ctx, mailboxId);
  if (receiver === undefined || receiver.state === 'paused') return undefined;
  // Each try with a refused password brings the account nearer to being locked.
  if (receiver.state === 'refused') throw new Unavailable('mail.sign-in-again', { mailboxId });
  const client = await openImap(await serverOf(ctx, receiver));
  try {
    const folders = await within(client, 'LIST', client.list());
    const path = (
      folders.find(({ specialUse }) => specialUse === '\\Sent') ?? folders.find(({ name }) => /^sent(?: items| mail)?$/i.test(name))
    )?.path;
    if (path === undefined) return undefined;
    await within(client, 'SELECT', client.mailboxOpen(path));
    return await work(client, path);
  } finally {
    client.close();
  }
}

async function holds(client: ImapFlow, messageId: string): Promise<boolean> {
  return (await searchUids(client, { header: { 'message-id': messageId } })).length > 0;
}
