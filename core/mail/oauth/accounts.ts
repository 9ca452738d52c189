import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Desk } from '../../desk.ts';
import { reasonOf } from '../../i18n/index.ts';
import { crashPoint } from '../../kernel/crash-point.ts';
import { Unavailable } from '../../kernel/errors.ts';
import type { GuardedFetch } from '../../net/index.ts';
import type { Reader, Tx } from '../../storage/index.ts';
import { systemActor } from '../../users/index.ts';
import { findProvider, type ProviderId } from './providers.ts';
import { refreshTokens, SignedOut, type Tokens } from './token-endpoint.ts';

/** The sign-in of one mailbox at its provider. */
export interface MailAccount {
  readonly mailboxId: number;
  readonly provider: ProviderId;
  readonly account: string;
  /** `signed-out`: the provider no longer takes our token; a person has to sign in again. */
  readonly state: 'active' | 'signed-out';
  readonly expiresAt: number;
  readonly refreshAt: number;
  readonly error: string | null;
}

interface AccountRow {
  mailbox_id: number;
  provider: ProviderId;
  account: string;
  state: MailAccount['state'];
  expires_at: number;
  refresh_at: number;
  error: string | null;
}

const leaseMs = 60_000;
const waitMs = 100;
const waits = 600;
const refreshAfter = 0.8;

export async function findMailAccount(reader: Reader, mailboxId: number): Promise<MailAccount | undefined> {
  const row: AccountRow | undefined = await reader('mail_accounts').where({ mailbox_id: mailboxId }).first();
  if (row === undefined) return undefined;
  const { provider, account, state, error } = row;
  return { mailboxId, provider, account, state, expiresAt: row.expires_at, refreshAt: row.refresh_at, error };
}

/**
 * A token that is good for now, renewed after four fifths of its life by one process at a time.
 *
 * @throws Unavailable `mail.sign-in-again`, `mail.sign-in-failed` with the provider's words.
 */
export async function accessToken(desk: Desk, fetch: GuardedFetch, mailboxId: number): Promise<string> {
  const owner = randomUUID();
  for (let tries = 0; tries < waits; tries += 1) {
    const account = await findMailAccount(desk.storage.read, mailboxId);
    if (account === undefined || account.state === 'signed-out') throw new Unavailable('mail.sign-in-again', { mailboxId });
    const now = desk.clock.now();
    if (now < account.refreshAt) {
      const token = await desk.secrets.get('mail', accessSecret(mailboxId));
      if (token !== undefined) return token;
    }
    if (await takeLease(desk, mailboxId, owner)) return refresh(desk, fetch, account, owner);
    // Somebody else renews it; what is still good serves meanwhile.
    const token = now < account.expiresAt ? await desk.secrets.get('mail', accessSecret(mailboxId)) : undefined;
    if (token !== undefined) return token;
    await sleep(waitMs);
  }
  throw new Unavailable('mail.sign-in-failed', { mailboxId, message: 'The token is being renewed by another process.' });
}

/** Keeps what a sign-in brought, in the caller's transaction. */
export async function storeTokens(
  desk: Desk,
  tx: Tx,
  { mailboxId, provider, account }: Pick<MailAccount, 'mailboxId' | 'provider' | 'account'>,
  tokens: Tokens,
): Promise<void> {
  const now = desk.clock.now();
  const row = {
    provider,
    account,
    state: 'active',
    error: null,
    ...lifeOf(tokens, now),
    lease_owner: null,
    lease_until: null,
    updated_at: now,
  };
  await tx('mail_accounts')
    .insert({ mailbox_id: mailboxId, ...row, created_at: now })
    .onConflict('mailbox_id')
    .merge(row);
  await writeTokens(desk, tx, mailboxId, tokens);
}

/** Forgets a sign-in, in the caller's transaction. */
export async function forgetAccount(desk: Desk, tx: Tx, mailboxId: number): Promise<void> {
  await tx('mail_accounts').where({ mailbox_id: mailboxId }).delete();
  await desk.secrets.delete(tx, 'mail', accessSecret(mailboxId));
  await desk.secrets.delete(tx, 'mail', refreshSecret(mailboxId));
}

async function refresh(desk: Desk, fetch: GuardedFetch, account: MailAccount, owner: string): Promise<string> {
  const { mailboxId } = account;
  try {
    const provider = await findProvider(desk, account.provider);
    const refreshToken = await desk.secrets.get('mail', refreshSecret(mailboxId));
    if (provider === undefined || refreshToken === undefined) throw new Unavailable('mail.sign-in-again', { mailboxId });
    const tokens = await refreshTokens(fetch, provider, refreshToken);
    crashPoint('mail-token-rotated');
    // The old refresh token may be worth nothing already: the new one is kept before anything uses what came with it.
    if (await desk.storage.writeTx((tx) => keepRefreshed(desk, tx, account, tokens))) return tokens.accessToken;
  } catch (error) {
    await noteFailure(desk, account, owner, error);
    if (error instanceof SignedOut) throw new Unavailable('mail.sign-in-again', { mailboxId, message: error.message }, { cause: error });
    throw error;
  }
  return accessToken(desk, fetch, mailboxId);
}

/**
 * False when somebody signed in or out meanwhile: what they brought stands. A lease that ran out is no reason to drop a
 * token, since the one before it may be worth nothing.
 */
async function keepRefreshed(desk: Desk, tx: Tx, { mailboxId, refreshAt }: MailAccount, tokens: Tokens): Promise<boolean> {
  const now = desk.clock.now();
  const changed = await tx('mail_accounts')
    .where({ mailbox_id: mailboxId, refresh_at: refreshAt })
    .update({ ...lifeOf(tokens, now), state: 'active', error: null, lease_owner: null, lease_until: null, updated_at: now });
  if (changed === 1) await writeTokens(desk, tx, mailboxId, tokens);
  return changed === 1;
}

async function noteFailure(desk: Desk, { mailboxId, account }: MailAccount, owner: string, error: unknown): Promise<void> {
  await desk.storage.writeTx(async (tx) => {
    const now = desk.clock.now();
    const isOut = error instanceof SignedOut;
    const changed = await tx('mail_accounts')
      .where({ mailbox_id: mailboxId, lease_owner: owner, state: 'active' })
      .update({
        ...(isOut ? { state: 'signed-out' } : {}),
        error: reasonOf(error),
        lease_owner: null,
        lease_until: null,
        updated_at: now,
      });
    if (isOut && changed === 1)
      await desk.events.record(tx, 'mail.alert', {
        actor: systemActor,
        payload: { alert: 'signed-out', address: account, mailboxId, userId: null },
      });
  });
}

async function takeLease(desk: Desk, mailboxId: number, owner: string): Promise<boolean> {
  const now = desk.clock.now();
  const taken = await desk.storage.writeTx((tx) =>
    tx('mail_accounts')
      .where({ mailbox_id: mailboxId, state: 'active' })
      // Whoever waited for the lease finds a fresh token and needs none.
      .where('refresh_at', '<=', now)
      .where((free) => void free.whereNull('lease_owner').orWhere('lease_until', '<', now))
      .update({ lease_owner: owner, lease_until: now + leaseMs }),
  );
  return taken === 1;
}

async function writeTokens(desk: Desk, tx: Tx, mailboxId: number, tokens: Tokens): Promise<void> {
  await desk.secrets.set(tx, 'mail', accessSecret(mailboxId), tokens.accessToken);
  if (tokens.refreshToken !== undefined) await desk.secrets.set(tx, 'mail', refreshSecret(mailboxId), tokens.refreshToken);
}

function lifeOf({ lifeMs }: Tokens, now: number): { expires_at: number; refresh_at: number } {
  return { expires_at: now + lifeMs, refresh_at: now + Math.floor(lifeMs * refreshAfter) };
}

function accessSecret(mailboxId: number): string {
  return `mailbox:${mailboxId}:access-token`;
}

function refreshSecret(mailboxId: number): string {
  return `mailbox:${mailboxId}:refresh-token`;
}
