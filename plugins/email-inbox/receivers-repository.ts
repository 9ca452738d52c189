import type { PluginTx } from '@helpdesk/core/plugin';
import type { InboxContext } from './settings.ts';

/** How one mailbox receives, where it stands, and how it went last. */
export interface Receiver {
  readonly mailboxId: number;
  readonly host: string;
  readonly port: number;
  readonly encryption: 'tls' | 'starttls' | 'auto';
  readonly user: string | null;
  readonly isOperators: boolean;
  readonly folder: string;
  /** `refused`: the server refused the password three times; nothing is tried until somebody saves the mailbox again. */
  readonly state: 'active' | 'paused' | 'refused';
  readonly acknowledgesWith: 'seen' | 'keep';
  /** Folder that filed mail is moved to; goes before `acknowledgesWith`. */
  readonly movesTo: string | null;
  /** Days after which filed mail is deleted on the server; goes before `acknowledgesWith`. */
  readonly deletesAfterDays: number | null;
  /** The server writes no authserv-id: its topmost Authentication-Results is believed (mail.md V4). */
  readonly trustsTopmost: boolean;
  /** The authserv-id that the setup mail showed, offered in the form. */
  readonly seenAuthservId: string | null;
  /** How many Received lines of our own servers the setup mail showed above that id (mail.md V4). */
  readonly ownHops: number;
  /** When a test mail proved that plus addresses arrive. */
  readonly plusProvenAt: number | null;
  /** Raised with another server or user: a uid of the account before names another mail in this one. */
  readonly account: number;
  readonly uidValidity: number;
  readonly lastUid: number;
  readonly sinceAt: number;
  /** The mail that fetching stands still at. */
  readonly stuck: Stuck | undefined;
  readonly authservIds: readonly string[];
  readonly signsAddresses: boolean;
  readonly tagsSubjects: boolean;
  readonly marksBodies: boolean;
  readonly lastFetchAt: number | null;
  readonly lastError: string | null;
  readonly lastErrorAt: number | null;
  readonly failures: number;
  readonly createdAt: number;
  readonly version: number;
}

/** A mail that the server failed to deliver: how often, and since when. Mails are asked for one by one until fetching got past it. */
export interface Stuck {
  readonly uid: number;
  readonly tries: number;
  readonly at: number;
}

interface ReceiverRow {
  mailbox_id: number;
  host: string;
  port: number;
  encryption: Receiver['encryption'];
  user: string | null;
  is_operators: boolean | number;
  folder: string;
  state: Receiver['state'];
  acknowledges_with: Receiver['acknowledgesWith'];
  moves_to: string | null;
  deletes_after_days: number | null;
  trusts_topmost: boolean | number;
  seen_authserv_id: string | null;
  own_hops: number;
  plus_proven_at: number | null;
  account: number;
  uidvalidity: number;
  last_uid: number;
  since_at: number;
  stuck_uid: number | null;
  stuck_tries: number;
  stuck_at: number | null;
  authserv_ids: string;
  signs_addresses: boolean | number;
  tags_subjects: boolean | number;
  marks_bodies: boolean | number;
  last_fetch_at: number | null;
  last_error: string | null;
  last_error_at: number | null;
  failures: number;
  created_at: number;
  version: number;
}

/** All receivers; whether their mailbox still exists is for the caller to check, since mailboxes belong to core. */
export async function listReceivers(ctx: InboxContext): Promise<readonly Receiver[]> {
  const rows: ReceiverRow[] = await ctx.db.table('receivers').orderBy('mailbox_id');
  return rows.map(fromRow);
}

/** The receiver of one mailbox, or undefined when it only sends. */
export async function findReceiver(ctx: InboxContext, mailboxId: number): Promise<Receiver | undefined> {
  const row: ReceiverRow | undefined = await ctx.db.table('receivers').where({ mailbox_id: mailboxId }).first();
  return row === undefined ? undefined : fromRow(row);
}

/** Name of the secret that holds the IMAP password of a mailbox. */
export function imapSecret(mailboxId: number): string {
  return `mailbox:${mailboxId}:imap`;
}

/** What `saveReceiver` writes; the cursor only when the server or folder changed. */
export interface ReceiverInput {
  readonly host: string;
  readonly port: number;
  readonly encryption: Receiver['encryption'];
  readonly user: string | null;
  readonly isOperators: boolean;
  readonly folder: string;
  readonly password: string | undefined;
  readonly cursor: Cursor | undefined;
  /** The server or the user is another one than before. */
  readonly isOtherAccount?: boolean;
  readonly more?: Readonly<Record<string, unknown>> | undefined;
}

/** Where fetching stands in a folder: everything up to `lastUid` is stored. */
export interface Cursor {
  readonly uidValidity: number;
  readonly lastUid: number;
  readonly sinceAt: number;
}

/** The cursor of a folder that nobody could look into yet: it starts where the folder ends when it is opened first. */
export const atEnd: Cursor = { uidValidity: 0, lastUid: -1, sinceAt: 0 };

/** Creates or changes the receiver of a mailbox and makes it active again. */
export async function saveReceiver(ctx: InboxContext, tx: PluginTx, mailboxId: number, input: ReceiverInput): Promise<void> {
  const now = ctx.clock.now();
  const row = {
    host: input.host,
    port: input.port,
    encryption: input.encryption,
    user: input.user,
    is_operators: input.isOperators,
    folder: input.folder,
    state: 'active',
    failures: 0,
    last_error: null,
    last_error_at: null,
    updated_at: now,
    ...input.more,
    ...(input.cursor === undefined
      ? {}
      : {
          uidvalidity: input.cursor.uidValidity,
          last_uid: input.cursor.lastUid,
          since_at: input.cursor.sinceAt,
          ...notStuck,
        }),
  };
  const changed = await tx
    .table('receivers')
    .where({ mailbox_id: mailboxId })
    .update({
      ...row,
      version: tx.raw('version + 1'),
      ...(input.isOtherAccount === true ? { account: tx.raw('account + 1'), ...unproven } : {}),
    });
  if (changed === 0) await tx.table('receivers').insert({ mailbox_id: mailboxId, since_at: now, ...row, created_at: now });
  if (input.password !== undefined) await ctx.secrets.set(tx, imapSecret(mailboxId), input.password);
}

/** What the test mail of another account proved says nothing of this one. */
const unproven = { plus_proven_at: null, seen_authserv_id: null, own_hops: 0 } as const;

/** The columns of a receiver that stands still nowhere. */
export const notStuck = { stuck_uid: null, stuck_tries: 0, stuck_at: null } as const;

/** Writes that fetching stands still at a mail. */
export async function noteStuck(
  ctx: InboxContext,
  { mailboxId, account, uidValidity }: Receiver,
  { uid, tries, at }: Stuck,
): Promise<void> {
  await ctx.db.tx((tx) =>
    tx
      .table('receivers')
      .where({ mailbox_id: mailboxId, account, uidvalidity: uidValidity })
      .update({ stuck_uid: uid, stuck_tries: tries, stuck_at: at }),
  );
}

/** Writes that a pass over the mailbox succeeded. */
export async function reportSuccess(ctx: InboxContext, mailboxId: number): Promise<void> {
  const now = ctx.clock.now();
  await ctx.db.tx((tx) =>
    tx
      .table('receivers')
      .where({ mailbox_id: mailboxId })
      .update({ last_fetch_at: now, failures: 0, last_error: null, last_error_at: null }),
  );
}

/** Writes the server's words; `isRefused` after the third refusal of the password stops further tries. */
export async function reportFailure(ctx: InboxContext, mailboxId: number, error: string, isRefused: boolean): Promise<void> {
  const now = ctx.clock.now();
  await ctx.db.tx((tx) =>
    tx
      .table('receivers')
      .where({ mailbox_id: mailboxId })
      .update({
        failures: tx.raw('failures + 1'),
        last_error: error,
        last_error_at: now,
        ...(isRefused ? { state: 'refused' } : {}),
      }),
  );
}

/** After a sign-in at the provider, a mailbox that could not be read is tried at once. */
export async function tryAgain(ctx: InboxContext, mailboxId: number): Promise<void> {
  const account = await ctx.mail.account(mailboxId);
  if (account?.state !== 'active') return;
  await ctx.db.tx((tx) =>
    tx
      .table('receivers')
      .where({ mailbox_id: mailboxId })
      .whereNot({ state: 'paused' })
      .whereNotNull('last_error')
      .update({ state: 'active', failures: 0, version: tx.raw('version + 1') }),
  );
}

/** Milliseconds a process keeps a mailbox to itself without renewing. */
export const leaseMs = 30_000;

/**
 * Takes or renews the lease on a mailbox, so that normally one process fetches it. Two that believe to
 * hold it only do double work: the unique key of the mails keeps each mail once.
 */
export async function takeLease(ctx: InboxContext, mailboxId: number, owner: string): Promise<boolean> {
  const now = ctx.clock.now();
  return ctx.db.tx(async (tx) => {
    const taken = await tx
      .table('receivers')
      .where({ mailbox_id: mailboxId })
      .where((free) => void free.whereNull('lease_owner').orWhere({ lease_owner: owner }).orWhere('lease_until', '<', now))
      .update({ lease_owner: owner, lease_until: now + leaseMs });
    return taken === 1;
  });
}

/** Gives the lease back, so that another process can start at once. */
export async function dropLease(ctx: InboxContext, mailboxId: number, owner: string): Promise<void> {
  await ctx.db.tx((tx) =>
    tx.table('receivers').where({ mailbox_id: mailboxId, lease_owner: owner }).update({ lease_owner: null, lease_until: null }),
  );
}

function fromRow(row: ReceiverRow): Receiver {
  return {
    mailboxId: row.mailbox_id,
    host: row.host,
    port: row.port,
    encryption: row.encryption,
    user: row.user,
    isOperators: Boolean(row.is_operators),
    folder: row.folder,
    state: row.state,
    acknowledgesWith: row.acknowledges_with,
    movesTo: row.moves_to,
    deletesAfterDays: row.deletes_after_days,
    trustsTopmost: Boolean(row.trusts_topmost),
    seenAuthservId: row.seen_authserv_id,
    ownHops: row.own_hops,
    plusProvenAt: row.plus_proven_at,
    account: row.account,
    uidValidity: row.uidvalidity,
    lastUid: row.last_uid,
    sinceAt: row.since_at,
    stuck: row.stuck_uid === null ? undefined : { uid: row.stuck_uid, tries: row.stuck_tries, at: row.stuck_at ?? 0 },
    authservIds: JSON.parse(row.authserv_ids),
    signsAddresses: Boolean(row.signs_addresses),
    tagsSubjects: Boolean(row.tags_subjects),
    marksBodies: Boolean(row.marks_bodies),
    lastFetchAt: row.last_fetch_at,
    lastError: row.last_error,
    lastErrorAt: row.last_error_at,
    failures: row.failures,
    createdAt: row.created_at,
    version: row.version,
  };
}
