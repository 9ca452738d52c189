import type { Knex } from 'knex';
import { fold } from '../i18n/index.ts';
import type { Reader, Tx } from '../storage/index.ts';
import { emailKey } from './email-address.ts';
import type { Organization, Role, User, UserEmail } from './types.ts';

export interface UserRow {
  id: number;
  name: string;
  email: string | null;
  role_id: number;
  role_key: string;
  role_name: string;
  role_kind: 'agent' | 'customer';
  role_permissions: string;
  organization_id: number | null;
  locale: string | null;
  time_zone: string | null;
  color_scheme: 'light' | 'dark' | null;
  password_hash: string | null;
  is_active: boolean | number;
  notes: string | null;
  preferences: string;
  version: number;
  created_at: number;
  last_seen_at: number | null;
  deleted_at: number | null;
}

/** People with role and primary address, as rows for `userFromRow`. */
export function usersQuery(reader: Reader) {
  return reader('users')
    .join('roles', 'roles.id', 'users.role_id')
    .leftJoin('user_emails as primary_email', (join) => {
      join.on('primary_email.user_id', 'users.id').andOnVal('primary_email.is_primary', true);
    })
    .select(
      'users.*',
      'primary_email.email',
      'roles.key as role_key',
      'roles.name as role_name',
      'roles.kind as role_kind',
      'roles.permissions as role_permissions',
    );
}

export async function findUser(reader: Reader, id: number): Promise<User | undefined> {
  const row: UserRow | undefined = await usersQuery(reader).where('users.id', id).first();
  return row === undefined ? undefined : userFromRow(row);
}

export async function findUsers(reader: Reader, ids: Iterable<number>): Promise<ReadonlyMap<number, User>> {
  const wanted = [...new Set(ids)];
  if (wanted.length === 0) return new Map();
  const rows: UserRow[] = await usersQuery(reader).whereIn('users.id', wanted);
  return new Map(rows.map((row) => [row.id, userFromRow(row)]));
}

/** Finds the person by any of their addresses; malformed text finds nobody. */
export async function findUserByEmail(reader: Reader, email: string): Promise<User | undefined> {
  let key: string;
  try {
    key = emailKey(email);
  } catch {
    return undefined;
  }
  const row: UserRow | undefined = await usersQuery(reader)
    .whereIn('users.id', reader('user_emails').where({ email_key: key }).select('user_id'))
    .first();
  return row === undefined ? undefined : userFromRow(row);
}

/** The password hash is read only where it is checked, never carried in a `User`. */
export async function passwordHashOf(reader: Reader, id: number): Promise<string | null> {
  const row = await reader('users').where({ id }).select('password_hash').first();
  return row?.password_hash ?? null;
}

export interface UserFilter {
  readonly kind?: 'agent' | 'customer';
  readonly organizationId?: number;
  readonly query?: string;
  /** Only ids greater than this one: lists page by id. */
  readonly after?: number;
  readonly limit: number;
  readonly isActive?: boolean;
}

/** A query over the agents who may be given tickets. By role: SQLite would walk through all customers to find and sort them. */
export function activeAgents(reader: Reader): Knex.QueryBuilder<object, readonly unknown[]> {
  return reader('users')
    .join('roles', 'roles.id', 'users.role_id')
    .whereIn('users.role_id', reader('roles').where({ kind: 'agent' }).select('id'))
    .where({ 'users.is_active': true })
    .whereNull('users.deleted_at');
}

/** The agents who may be given tickets, by name. */
export async function listAgents(reader: Reader): Promise<readonly User[]> {
  const ids: number[] = await activeAgents(reader).orderBy('users.name').limit(500).pluck('users.id');
  return [...(await findUsers(reader, ids)).values()];
}

/** People by id, oldest first. */
export async function listUsers(reader: Reader, filter: UserFilter): Promise<readonly User[]> {
  const query = usersQuery(reader).whereNull('users.deleted_at').orderBy('users.id').limit(filter.limit);
  if (filter.kind !== undefined) void query.where('roles.kind', filter.kind);
  if (filter.organizationId !== undefined) void query.where('users.organization_id', filter.organizationId);
  if (filter.after !== undefined) void query.where('users.id', '>', filter.after);
  if (filter.isActive !== undefined) void query.where('users.is_active', filter.isActive);
  if (filter.query !== undefined && filter.query !== '') {
    const like = `${likeText(fold(filter.query))}%`;
    void query.where(
      (match) =>
        void match
          .whereRaw("users.folded like ? escape '!'", [like])
          .orWhereRaw("users.folded like ? escape '!'", [`% ${like}`])
          .orWhereIn(
            'users.id',
            reader('user_emails')
              .whereRaw("email_key like ? escape '!'", [`${likeText(filter.query?.toLowerCase() ?? '')}%`])
              .select('user_id'),
          ),
    );
  }
  const rows: UserRow[] = await query;
  return rows.map(userFromRow);
}

export async function emailsOf(reader: Reader, userId: number): Promise<readonly UserEmail[]> {
  const rows = await reader('user_emails').where({ user_id: userId }).orderBy('is_primary', 'desc').orderBy('id');
  return rows.map((row) => ({
    id: row.id,
    email: row.email,
    isPrimary: Boolean(row.is_primary),
    confirmedAt: row.confirmed_at,
    suppressedAt: row.suppressed_at,
  }));
}

export async function findRole(reader: Reader, key: string): Promise<Role | undefined> {
  const row = await reader('roles').where({ key }).first();
  return row === undefined ? undefined : roleFromRow(row);
}

export async function listRoles(reader: Reader): Promise<readonly Role[]> {
  const rows = await reader('roles').orderBy('id');
  return rows.map(roleFromRow);
}

export async function organizationOfDomain(reader: Reader, domain: string): Promise<number | null> {
  const row = await reader('organization_domains').where({ domain: domain.toLowerCase() }).first('organization_id');
  return row?.organization_id ?? null;
}

export async function findOrganization(reader: Reader, id: number): Promise<Organization | undefined> {
  const [found] = await withDomains(reader, await reader('organizations').where({ id }).whereNull('deleted_at'));
  return found;
}

export async function findOrganizations(reader: Reader, ids: Iterable<number>): Promise<ReadonlyMap<number, Organization>> {
  const wanted = [...new Set(ids)];
  if (wanted.length === 0) return new Map();
  const found = await withDomains(reader, await reader('organizations').whereIn('id', wanted).whereNull('deleted_at'));
  return new Map(found.map((one) => [one.id, one]));
}

export async function listOrganizations(
  reader: Reader,
  filter: { query?: string; after?: number; limit: number },
): Promise<readonly Organization[]> {
  const query = reader('organizations').whereNull('deleted_at').orderBy('id').limit(filter.limit);
  if (filter.after !== undefined) void query.where('id', '>', filter.after);
  if (filter.query) void query.whereRaw("folded like ? escape '!'", [`%${likeText(fold(filter.query))}%`]);
  return withDomains(reader, await query);
}

interface OrganizationRow {
  id: number;
  name: string;
  notes: string | null;
  version: number;
  created_at: number;
}

async function withDomains(reader: Reader, rows: readonly OrganizationRow[]): Promise<readonly Organization[]> {
  if (rows.length === 0) return [];
  const domains: { domain: string; organization_id: number }[] = await reader('organization_domains')
    .whereIn(
      'organization_id',
      rows.map((row) => row.id),
    )
    .orderBy('domain');
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    domains: domains.filter((one) => one.organization_id === row.id).map((one) => one.domain),
    notes: row.notes,
    version: row.version,
    createdAt: row.created_at,
  }));
}

export async function countAdministrators(reader: Reader): Promise<number> {
  const row = await reader('users')
    .join('roles', 'roles.id', 'users.role_id')
    .where({ 'roles.key': 'admin', 'users.is_active': true })
    .whereNull('users.deleted_at')
    .count({ n: '*' })
    .first();
  return Number(row?.n ?? 0);
}

export async function insertEmail(
  tx: Tx,
  email: { userId: number; email: string; isPrimary: boolean; confirmedAt: number | null; now: number },
): Promise<void> {
  await tx('user_emails').insert({
    user_id: email.userId,
    email: email.email.trim(),
    email_key: emailKey(email.email),
    is_primary: email.isPrimary,
    confirmed_at: email.confirmedAt,
    created_at: email.now,
  });
}

/** Escapes `%` and `_` for a LIKE with `escape '!'`. */
export function likeText(text: string): string {
  return text.replaceAll(/[!%_]/g, '!$&');
}

export function userFromRow(row: UserRow): User {
  return {
    id: row.id,
    name: row.name,
    email: row.email,
    role: { id: row.role_id, key: row.role_key, name: row.role_name, kind: row.role_kind, permissions: JSON.parse(row.role_permissions) },
    organizationId: row.organization_id,
    locale: row.locale,
    timeZone: row.time_zone,
    colorScheme: row.color_scheme ?? 'system',
    hasPassword: row.password_hash !== null,
    isActive: Boolean(row.is_active),
    notes: row.notes,
    preferences: JSON.parse(row.preferences),
    version: row.version,
    createdAt: row.created_at,
    lastSeenAt: row.last_seen_at,
    deletedAt: row.deleted_at,
  };
}

interface RoleRow {
  id: number;
  key: string;
  name: string;
  kind: 'agent' | 'customer';
  permissions: string;
  is_builtin: boolean | number;
  version: number;
}

function roleFromRow(row: RoleRow): Role {
  return {
    id: row.id,
    key: row.key,
    name: row.name,
    kind: row.kind,
    permissions: JSON.parse(row.permissions),
    isBuiltin: Boolean(row.is_builtin),
    version: row.version,
  };
}
