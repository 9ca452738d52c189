import type { ImapFlow } from 'imapflow';
import { Conflict, Invalid, type Actor, type Mailbox, type MailboxInput } from '@helpdesk/core/plugin';
import { openImap, within, type DialogueLine, type ImapServer } from './imap-connection.ts';
import { atEnd, findReceiver, saveReceiver, type Cursor, type Receiver } from './receivers-repository.ts';
import type { InboxContext } from './settings.ts';

const dayMs = 86_400_000;

/** From when mail is taken in: from now on, the last days, or all there is. */
export type Since = 'now' | 'all' | number;

/** What a server says about a folder. */
export interface Probe {
  readonly uidValidity: number;
  readonly uidNext: number;
  readonly exists: number;
  readonly capabilities: readonly string[];
  /** Folders that can be fetched from, as the server names them. */
  readonly folders: readonly string[];
}

/** Connects, signs in and opens the folder. @throws Unavailable with the server's words, Invalid `email-inbox.folder-junk`. */
export async function probe(server: ImapServer, folder: string, dialogue?: DialogueLine[]): Promise<Probe> {
  const client = await openImap(server, { dialogue });
  try {
    const box = await within(client, 'SELECT', client.mailboxOpen(folder, { readOnly: true }));
    const folders = await fetchableFolders(client, folder);
    return {
      uidValidity: Number(box.uidValidity),
      uidNext: box.uidNext,
      exists: box.exists,
      capabilities: [...client.capabilities.keys()],
      folders,
    };
  } finally {
    client.close();
  }
}

/**
 * Every folder but the server's own folder of spam: what it sorted out is never fetched (mail.md X1).
 *
 * @throws Invalid `email-inbox.folder-junk` when that is the chosen one.
 */
export async function fetchableFolders(client: ImapFlow, chosen: string): Promise<readonly string[]> {
  const all = (await within(client, 'LIST', client.list())).filter(({ flags }) => !flags.has('\\Noselect'));
  if (all.some(({ path, specialUse }) => path === chosen && specialUse === '\\Junk'))
    throw new Invalid('email-inbox.folder-junk', { folder: chosen, message: `${chosen} is the folder of spam, which is never fetched.` });
  return all.filter(({ specialUse }) => specialUse !== '\\Junk').map(({ path }) => path);
}

/** The cursor to start with; an empty folder starts at its beginning, whatever the clocks say. */
export function firstCursor(found: Pick<Probe, 'uidValidity' | 'uidNext'>, since: Since, now: number): Cursor {
  const { uidValidity, uidNext } = found;
  if (since === 'all' || uidNext <= 1) return { uidValidity, lastUid: 0, sinceAt: 0 };
  if (since === 'now') return { uidValidity, lastUid: uidNext - 1, sinceAt: now };
  return { uidValidity, lastUid: 0, sinceAt: Math.max(1, now - since * dayMs) };
}

/**
 * The cursor when a mailbox that receives gets another server, account or folder: it goes on at the last fetch, and a
 * day earlier, since the clocks of servers differ and a search knows days only. What is there twice is known by its key.
 */
export function nextCursor(receiver: Receiver, found: Probe, now: number): Cursor {
  const { uidValidity } = found;
  if (receiver.lastFetchAt !== null) return { uidValidity, lastUid: 0, sinceAt: Math.max(1, receiver.lastFetchAt - dayMs) };
  return receiver.lastUid === 0 ? { uidValidity, lastUid: 0, sinceAt: receiver.sinceAt } : firstCursor(found, 'now', now);
}

/** Whether uids of the receiver's mails mean nothing at this server any more; without a user it is the address that signs in. */
export function isOtherAccount(
  receiver: Pick<Receiver, 'host' | 'user'>,
  server: Pick<ImapServer, 'host' | 'user'>,
  address: string,
): boolean {
  return receiver.host !== server.host || (receiver.user ?? address) !== (server.user ?? address);
}

export interface NewMailbox {
  readonly mailbox: MailboxInput;
  readonly imap: ImapServer;
  readonly folder: string;
  readonly since: Since;
  /** It is signed in at its provider afterwards, so its server cannot be asked yet. */
  readonly isSignedInLater?: boolean | undefined;
}

/** The cursor of a folder whose server cannot be asked yet. */
function laterCursor(since: Since, now: number): Cursor {
  if (since === 'now') return atEnd;
  return { uidValidity: 0, lastUid: 0, sinceAt: since === 'all' ? 0 : Math.max(1, now - since * dayMs) };
}

/**
 * Adds a mailbox that receives: connects first, so that nothing is stored when the server refuses, and keeps
 * where the folder ended. A mailbox that so far only sent gets its receiving part.
 *
 * @throws Unavailable with the server's words, Conflict when the address receives already.
 */
export async function addMailbox(ctx: InboxContext, actor: Actor, given: NewMailbox): Promise<Mailbox> {
  const { mailbox, imap, folder, since } = given;
  const known = (await ctx.mail.mailboxes()).find(({ address }) => address.toLowerCase() === mailbox.address.toLowerCase());
  if (known !== undefined && (await findReceiver(ctx, known.id)) !== undefined)
    throw new Conflict('mailboxes.address-taken', { address: mailbox.address, message: `${mailbox.address} is a mailbox already.` });
  const now = ctx.clock.now();
  const cursor = given.isSignedInLater === true ? laterCursor(since, now) : firstCursor(await probe(imap, folder), since, now);
  const saved = await ctx.mail.saveMailbox(actor, mailbox, known?.id);
  const { password, ...server } = imap;
  await ctx.db.tx((tx) => saveReceiver(ctx, tx, saved.id, { ...server, folder, password, cursor }));
  return saved;
}
