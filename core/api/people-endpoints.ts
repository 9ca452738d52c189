import { parseFilter } from '../inbox/index.ts';
import type { Desk } from '../desk.ts';
import { Forbidden, Invalid, NotFound } from '../kernel/errors.ts';
import {
  createUser,
  editUser,
  findOrganization,
  findUser,
  isAllowed,
  listOrganizations,
  listUsers,
  saveOrganization,
  type UserActor,
} from '../users/index.ts';
import { endpoint, type Endpoint } from './endpoint.ts';
import { nextOf, readIdCursor } from './paging.ts';
import { presentOrganization, presentUsers } from './presenting.ts';
import { listQuery, newOrganization, newUser, organizationChanges, page, ref, userChanges } from './schemas.ts';

interface ListQuery {
  readonly limit: number;
  readonly cursor?: string;
  readonly q?: string;
}

interface UserBody {
  readonly name?: string;
  readonly role?: string;
  readonly organization?: number | null;
  readonly locale?: string | null;
  readonly timeZone?: string | null;
}

interface OrganizationBody {
  readonly name?: string;
  readonly domains?: readonly string[];
  readonly notes?: string | null;
  readonly version?: number;
}

export const peopleEndpoints: readonly Endpoint[] = [
  endpoint<undefined, ListQuery>({
    method: 'GET',
    path: '/users',
    summary: 'People, oldest first; `q` takes words and organization:<id>',
    query: listQuery,
    answer: page(ref('User')),
    run: async ({ desk, actor, query }) => {
      requirePeople(actor);
      const { text, organizationId } = readPeopleFilter(query.q);
      const found = await listUsers(desk.storage.read, {
        limit: query.limit + 1,
        after: readIdCursor(query.cursor),
        query: text,
        ...(organizationId === undefined ? {} : { organizationId }),
      });
      return { items: await presentUsers(desk, found.slice(0, query.limit)), next: nextOf(found, query.limit) };
    },
  }),
  endpoint<UserBody & { readonly email: string }>({
    method: 'POST',
    path: '/users',
    summary: 'Creates a person',
    body: newUser,
    answer: ref('User'),
    run: async ({ desk, actor, body: { organization, locale, timeZone, ...person } }) => {
      await refuseUnknownOrganization(desk, organization);
      return presentOne(
        desk,
        await createUser(desk, actor, {
          ...person,
          locale: locale ?? undefined,
          timeZone: timeZone ?? undefined,
          organizationId: organization,
        }),
      );
    },
  }),
  endpoint({
    method: 'GET',
    path: '/users/:id',
    summary: 'One person',
    answer: ref('User'),
    run: async ({ desk, actor, id }) => {
      if (id !== actor.userId) requirePeople(actor);
      const user = await findUser(desk.storage.read, id);
      if (user === undefined || user.deletedAt !== null) throw new NotFound('users.not-found', { id });
      // What agents noted about a customer is not for the customer.
      return presentOne(desk, actor.role === 'customer' ? { ...user, notes: null } : user);
    },
  }),
  endpoint<UserBody & { readonly notes?: string | null; readonly isActive?: boolean; readonly version?: number }>({
    method: 'PATCH',
    path: '/users/:id',
    summary: 'Changes a person',
    body: userChanges,
    answer: ref('User'),
    run: async ({ desk, actor, id, body: { organization, ...changes } }) => {
      await refuseUnknownOrganization(desk, organization);
      const user = await editUser(desk, actor, id, { ...changes, ...(organization === undefined ? {} : { organizationId: organization }) });
      return presentOne(desk, actor.role === 'customer' ? { ...user, notes: null } : user);
    },
  }),
  endpoint<undefined, ListQuery>({
    method: 'GET',
    path: '/organizations',
    summary: 'Organizations, oldest first; `q` takes words of the name',
    query: listQuery,
    answer: page(ref('Organization')),
    run: async ({ desk, actor, query }) => {
      requirePeople(actor);
      const { text } = readPeopleFilter(query.q);
      const found = await listOrganizations(desk.storage.read, { limit: query.limit + 1, after: readIdCursor(query.cursor), query: text });
      return { items: found.slice(0, query.limit).map(presentOrganization), next: nextOf(found, query.limit) };
    },
  }),
  endpoint<OrganizationBody & { readonly name: string }>({
    method: 'POST',
    path: '/organizations',
    summary: 'Creates an organization',
    body: newOrganization,
    answer: ref('Organization'),
    run: async ({ desk, actor, body }) => presentOrganization(await saveOrganization(desk, actor, body)),
  }),
  endpoint({
    method: 'GET',
    path: '/organizations/:id',
    summary: 'One organization',
    answer: ref('Organization'),
    run: async ({ desk, actor, id }) => {
      requirePeople(actor);
      return presentOrganization(await existing(desk, id));
    },
  }),
  endpoint<OrganizationBody>({
    method: 'PATCH',
    path: '/organizations/:id',
    summary: 'Changes an organization',
    body: organizationChanges,
    answer: ref('Organization'),
    run: async ({ desk, actor, id, body }) => {
      requirePeople(actor);
      const { name, domains, notes, version } = await existing(desk, id);
      return presentOrganization(await saveOrganization(desk, actor, { name, domains, notes, version, ...body }, id));
    },
  }),
];

function requirePeople(actor: UserActor): void {
  if (actor.role !== 'agent' || !isAllowed(actor, 'customers.view'))
    throw new Forbidden('auth.forbidden', { permission: 'customers.view' });
}

function readPeopleFilter(q = ''): { text: string; organizationId?: number } {
  const words: string[] = [];
  let organizationId: number | undefined;
  for (const { key, value, isNegated } of parseFilter(q)) {
    if (key === 'text') words.push(value);
    else if (key === 'organization' && !isNegated && /^\d{1,15}$/.test(value)) organizationId = Number(value);
    else throw new Invalid('inbox.bad-value', { filter: key, value });
  }
  return { text: words.join(' '), ...(organizationId === undefined ? {} : { organizationId }) };
}

async function presentOne(desk: Desk, user: Parameters<typeof presentUsers>[1][number]): Promise<object | undefined> {
  return (await presentUsers(desk, [user]))[0];
}

async function existing(desk: Desk, id: number) {
  const organization = await findOrganization(desk.storage.read, id);
  if (organization === undefined) throw new NotFound('organizations.not-found', { id });
  return organization;
}

async function refuseUnknownOrganization(desk: Desk, id: number | null | undefined): Promise<void> {
  if (id === null || id === undefined) return;
  if ((await findOrganization(desk.storage.read, id)) === undefined)
    throw new Invalid('organizations.unknown', { id, fields: { organization: 'is unknown' } });
}
