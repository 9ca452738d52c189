import type { Desk } from '../desk.ts';
import { Conflict, Forbidden, Invalid, NotFound } from '../kernel/errors.ts';
import { refuseUnknownPlaceholders } from '../kernel/placeholders.ts';
import { isUniqueViolation, type Reader, type Tx } from '../storage/index.ts';
import { cleanName, emailKey, isAllowed, type Actor } from '../users/index.ts';
import { mailPlaceholders } from './mail-values.ts';
import { findMailAccount, forgetAccount } from './oauth/accounts.ts';
import type { Address, Mailbox, Transport } from './types.ts';

export interface MailboxInput {
  readonly name: string;
  readonly address: string;
  /** Further addresses; `*@example.com` takes every address of a domain. */
  readonly aliases?: readonly string[] | undefined;
  readonly signature?: string | undefined;
  readonly locale?: string | null | undefined;
  readonly transport?: Transport | null | undefined;
  /** Empty or absent keeps the stored one. */
  readonly smtpPassword?: string | undefined;
  readonly isActive?: boolean | undefined;
  readonly acknowledges?: boolean | undefined;
  readonly sentCopy?: Mailbox['sentCopy'] | undefined;
  readonly perMinute?: number | null | undefined;
  readonly version?: number | undefined;
}

interface MailboxRow {
  id: number;
  name: string;
  address: string;
  aliases: string;
  signature: string;
  locale: string | null;
  transport: string;
  is_active: boolean | number;
  acknowledges: boolean | number;
  sent_copy: Mailbox['sentCopy'];
  per_minute: number | null;
  last_sent_at: number | null;
  last_error: string | null;
  last_error_at: number | null;
  version: number;
}

export async function listMailboxes(reader: Reader): Promise<readonly Mailbox[]> {
  const rows: MailboxRow[] = await reader('mailboxes').whereNull('deleted_at').orderBy('id');
  return rows.map(mailboxFromRow);
}

export async function findMailbox(reader: Reader, id: number): Promise<Mailbox | undefined> {
  const row: MailboxRow | undefined = await reader('mailboxes').where({ id }).whereNull('deleted_at').first();
  return row === undefined ? undefined : mailboxFromRow(row);
}

/**
 * Creates a mailbox, or changes the one with `id`.
 *
 * @throws Conflict `mailboxes.address-taken`, Invalid for a malformed address.
 */
export async function saveMailbox(desk: Desk, actor: Actor, input: MailboxInput, id?: number): Promise<Mailbox> {
  if (!isAllowed(actor, 'settings.manage')) throw new Forbidden('auth.forbidden', { permission: 'settings.manage' });
  try {
    return await desk.storage.writeTx((tx) => writeMailbox(desk, tx, actor, input, id));
  } catch (error) {
    if (isUniqueViolation(error))
      throw new Conflict('mailboxes.address-taken', { address: input.address, fields: ['address'] }, { cause: error });
    throw error;
  }
}

/** The mailbox leaves every list; its tickets keep pointing at it, and its address is free again. */
export async function removeMailbox(desk: Desk, actor: Actor, id: number): Promise<void> {
  if (!isAllowed(actor, 'settings.manage')) throw new Forbidden('auth.forbidden', { permission: 'settings.manage' });
  await desk.storage.writeTx(async (tx) => {
    const now = desk.clock.now();
    const removed = await tx('mailboxes')
      .where({ id })
      .whereNull('deleted_at')
      .update({ deleted_at: now, is_active: false, address_key: `removed:${id}` });
    if (removed !== 1) throw new NotFound('mailboxes.not-found', { id });
    await desk.secrets.delete(tx, 'mail', smtpSecret(id));
    await forgetAccount(desk, tx, id);
    await desk.events.record(tx, 'mailbox.changed', { actor, payload: { mailboxId: id } });
  });
}

/** Who answers a mail that was sent to these addresses: the alias of the mailbox among them, else the mailbox. */
export function senderOf(
  { name, address, aliases }: Pick<Mailbox, 'name' | 'address' | 'aliases'>,
  writtenTo: readonly Address[] = [],
): Address {
  const named = writtenTo.find(({ email }) => aliases.includes(emailKey(email)));
  return { name, email: named === undefined ? address : emailKey(named.email) };
}

/** Name of the secret that holds the SMTP password of a mailbox. */
export function smtpSecret(mailboxId: number): string {
  return `mailbox:${mailboxId}:smtp`;
}

/** Whether two transports are one account of one server: only then a stored password may be used again. */
export function isSameAccount(one: Transport | null | undefined, other: Transport | null | undefined): boolean {
  return one?.host === other?.host && one?.port === other?.port && one?.user === other?.user;
}

// A stored password must not travel to a server that somebody typed in later.
async function refuseMovedPassword(desk: Desk, tx: Tx, input: MailboxInput, id: number | undefined): Promise<void> {
  if (id === undefined || !input.transport) return;
  const before = await findMailbox(tx, id);
  // Nor must the token of a sign-in.
  if (before?.transport && !isSameAccount(before.transport, input.transport) && (await findMailAccount(tx, id)) !== undefined) {
    await forgetAccount(desk, tx, id);
    return;
  }
  if (input.smtpPassword) return;
  if (before?.transport && !isSameAccount(before.transport, input.transport) && input.transport.user !== undefined)
    throw new Invalid('mailboxes.password-again', { fields: ['password'] });
}

async function writeMailbox(desk: Desk, tx: Tx, actor: Actor, input: MailboxInput, id?: number): Promise<Mailbox> {
  const name = cleanName(input.name);
  if (name === '') throw new Invalid('mailboxes.name-missing', { fields: ['name'] });
  await refuseMovedPassword(desk, tx, input, id);
  if (input.signature !== undefined) refuseUnknownPlaceholders(input.signature, mailPlaceholders, 'signature');
  const now = desk.clock.now();
  const row = {
    name,
    address: input.address.trim(),
    address_key: emailKey(input.address),
    ...(input.aliases === undefined ? {} : { aliases: JSON.stringify([...new Set(input.aliases.map(aliasKey))]) }),
    ...(input.signature === undefined ? {} : { signature: input.signature }),
    ...(input.locale === undefined ? {} : { locale: input.locale }),
    ...(input.transport === undefined ? {} : { transport: JSON.stringify(input.transport) }),
    ...(input.isActive === undefined ? {} : { is_active: input.isActive }),
    ...(input.acknowledges === undefined ? {} : { acknowledges: input.acknowledges }),
    ...(input.sentCopy === undefined ? {} : { sent_copy: input.sentCopy }),
    ...(input.perMinute === undefined ? {} : { per_minute: input.perMinute }),
    updated_at: now,
  };
  let savedId = id ?? 0;
  if (id === undefined) {
    const [inserted]: { id: number }[] = await tx('mailboxes')
      .insert({ ...row, created_at: now })
      .returning('id');
    savedId = inserted?.id ?? 0;
  } else {
    const updating = tx('mailboxes').where({ id }).whereNull('deleted_at');
    if (input.version !== undefined) void updating.where({ version: input.version });
    if ((await updating.update({ ...row, version: tx.raw('version + 1') })) !== 1) throw new Conflict('mailboxes.stale', { id });
  }
  if (input.smtpPassword) await desk.secrets.set(tx, 'mail', smtpSecret(savedId), input.smtpPassword);
  await desk.events.record(tx, 'mailbox.changed', { actor, payload: { mailboxId: savedId } });
  const mailbox = await findMailbox(tx, savedId);
  if (mailbox === undefined) throw new NotFound('mailboxes.not-found', { id: savedId });
  return mailbox;
}

// `*@example.com` is not an address of mail, so the star is put back after the rest was looked at.
function aliasKey(alias: string): string {
  const text = alias.trim();
  return text.startsWith('*@') ? `*@${emailKey(`any${text.slice(1)}`).slice(4)}` : emailKey(text);
}

function mailboxFromRow(row: MailboxRow): Mailbox {
  const transport: Partial<Transport> | null = JSON.parse(row.transport);
  return {
    id: row.id,
    name: row.name,
    address: row.address,
    aliases: JSON.parse(row.aliases),
    signature: row.signature,
    locale: row.locale,
    transport: transport?.host === undefined ? null : (transport as Transport),
    isActive: Boolean(row.is_active),
    acknowledges: Boolean(row.acknowledges),
    sentCopy: row.sent_copy,
    perMinute: row.per_minute,
    lastSentAt: row.last_sent_at,
    lastError: row.last_error,
    lastErrorAt: row.last_error_at,
    version: row.version,
  };
}
