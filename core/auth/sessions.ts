import type { Timestamp } from '../kernel/clock.ts';
import type { Desk } from '../desk.ts';
import { userFromRow, usersQuery, type User, type UserActor, type UserRow } from '../users/index.ts';
import { newToken, tokenHash } from './tokens.ts';

export interface Session {
  readonly id: number;
  readonly userId: number;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly createdAt: Timestamp;
  readonly lastSeenAt: Timestamp;
  /** When the person last proved who they are; null for a session older than the question. */
  readonly confirmedAt: Timestamp | null;
}

const idleMs = 30 * 86_400_000;
const absoluteMs = 90 * 86_400_000;
const touchEveryMs = 5 * 60_000;

/** Opens a session and returns the token for its cookie; only the token's hash is stored. */
export async function openSession(
  desk: Desk,
  userId: number,
  client: { ip?: string | undefined; userAgent?: string | undefined },
): Promise<string> {
  const token = newToken();
  const now = desk.clock.now();
  await desk.storage.writeTx(async (tx) => {
    await tx('sessions').where('expires_at', '<', now).delete();
    await tx('sessions').insert({
      token_hash: tokenHash(token),
      user_id: userId,
      ip: client.ip ?? null,
      user_agent: client.userAgent?.slice(0, 400) ?? null,
      created_at: now,
      last_seen_at: now,
      confirmed_at: now,
      expires_at: now + absoluteMs,
    });
    await tx('users').where({ id: userId }).update({ last_seen_at: now });
    await desk.events.record(tx, 'user.signed-in', { actor: { kind: 'system' }, payload: { userId } });
  });
  return token;
}

export interface ResumedSession {
  readonly session: Session;
  readonly user: User;
  /** The newest event before anything was read for this request; what is newer, a page made now may not show. */
  readonly newestEventId: number;
}

/**
 * The session of a cookie's token and its person; nothing when it ended or the person may not sign in any more.
 *
 * The newest event is read along: that must come before anything else of the request is read, and every request
 * of somebody signed in asks this first, so it costs no query of its own.
 */
export async function resumeSession(desk: Desk, token: string): Promise<ResumedSession | undefined> {
  const now = desk.clock.now();
  const { read } = desk.storage;
  const row: (UserRow & SessionRow & { newest_event_id: number | null }) | undefined = await usersQuery(read)
    .join('sessions', 'sessions.user_id', 'users.id')
    .where({ token_hash: tokenHash(token), is_active: true })
    .where('expires_at', '>', now)
    .where('sessions.last_seen_at', '>', now - idleMs)
    .whereNull('users.deleted_at')
    .select(...sessionColumns, read('events').max('id').as('newest_event_id'))
    .first();
  if (row === undefined) return undefined;
  const session = sessionFromRow(row);
  if (session.lastSeenAt < now - touchEveryMs) {
    await desk.storage.writeTx((tx) => tx('sessions').where({ id: session.id }).update({ last_seen_at: now }));
  }
  return { session, user: userFromRow(row), newestEventId: row.newest_event_id ?? 0 };
}

export async function listSessions(desk: Desk, userId: number): Promise<readonly Session[]> {
  const rows: SessionRow[] = await desk.storage
    .read('sessions')
    .where({ user_id: userId })
    .where('expires_at', '>', desk.clock.now())
    .orderBy('last_seen_at', 'desc')
    .limit(100)
    .select(sessionColumns);
  return rows.map(sessionFromRow);
}

/** Ends one session of the person, or all but `exceptId`. */
export async function endSessions(desk: Desk, userId: number, which: { id: number } | { exceptId: number | null }): Promise<void> {
  await desk.storage.writeTx(async (tx) => {
    const ending = tx('sessions').where({ user_id: userId });
    if ('id' in which) void ending.where({ id: which.id });
    else if (which.exceptId !== null) void ending.whereNot({ id: which.exceptId });
    await ending.delete();
    await desk.events.record(tx, 'user.signed-out', { actor: { kind: 'system' }, payload: { userId } });
  });
}

export function actorOf(user: User, scopes?: readonly string[]): UserActor {
  return {
    kind: 'user',
    userId: user.id,
    name: user.name,
    role: user.role.kind,
    permissions: new Set(user.role.permissions),
    organizationId: user.organizationId,
    ...(scopes === undefined ? {} : { scopes: new Set(scopes) }),
  };
}

interface SessionRow {
  session_id: number;
  session_user_id: number;
  session_ip: string | null;
  session_user_agent: string | null;
  session_created_at: number;
  session_last_seen_at: number;
  session_confirmed_at: number | null;
}

// Named apart from the columns of `users`, beside which they are read.
const sessionColumns = ['id', 'user_id', 'ip', 'user_agent', 'created_at', 'last_seen_at', 'confirmed_at'].map(
  (name) => `sessions.${name} as session_${name}`,
);

function sessionFromRow(row: SessionRow): Session {
  return {
    id: row.session_id,
    userId: row.session_user_id,
    ip: row.session_ip,
    userAgent: row.session_user_agent,
    createdAt: row.session_created_at,
    lastSeenAt: row.session_last_seen_at,
    confirmedAt: row.session_confirmed_at,
  };
}
