import { hostname } from 'node:os';
import type { App } from '../app.ts';
import { actorOf, createApiToken, hashPassword, openSession } from '../auth/index.ts';
import { sessionCookie } from '../http/cookies.ts';
import { listenOnLoopback, type Listening } from '../testing/listening.ts';
import { changeStatus, editTicket, openTicket, reply } from '../tickets/index.ts';
import { createUser, saveRole, systemActor, type User } from '../users/index.ts';

export type Visitor = 'admin' | 'powerless' | 'customer' | 'nobody';

/** A desk that answers over HTTP, with people of every kind in it. */
export interface Stage {
  readonly app: App;
  readonly people: Readonly<Record<Exclude<Visitor, 'nobody'>, User>>;
  readonly ticketNumber: number;
  fetch(path: string, options: { readonly as: Visitor; readonly method?: string; readonly isOurs?: boolean }): Promise<Response>;
  /** Opens a page as the administrator, or reads from an interface for programs with a token of theirs. */
  open(path: string): Promise<Response>;
  close(): Promise<void>;
}

/** Puts people and a ticket into a desk made for trials. */
export async function setStage(app: App): Promise<Stage> {
  const { desk } = app;
  const suffix = `${hostname().length}-${desk.clock.now().toString(36)}`;
  const role = await saveRole(desk, systemActor, { name: `Powerless ${suffix}`, permissions: [] });
  const passwordHash = await hashPassword('somebody has a password');
  const create = (name: string, key: string): Promise<User> =>
    createUser(desk, systemActor, {
      name,
      email: `${name}-${suffix}@example.com`.toLowerCase(),
      role: key,
      passwordHash,
      isConfirmed: true,
    });
  const people = {
    admin: await create('Admin', 'admin'),
    powerless: await create('Powerless', role.key),
    customer: await create('Customer', 'customer'),
  };
  const { ticket } = await openTicket(desk, actorOf(people.customer), {
    subject: 'A ticket to look at',
    requester: { userId: people.customer.id },
    message: { text: 'Hello' },
    channel: 'portal',
  });
  const cookies = new Map<Visitor, string>();
  for (const [name, user] of Object.entries(people))
    cookies.set(name as Visitor, `${sessionCookie(false)}=${await openSession(desk, user.id, {})}`);
  const server: Listening = await listenOnLoopback(app);
  const { token } = await createApiToken(desk, actorOf(people.admin), { userId: people.admin.id, name: 'trial', scopes: ['*'] });
  return {
    app,
    people,
    ticketNumber: ticket.number,
    fetch: (path, { as, method = 'GET', isOurs = true }) => {
      const cookie = cookies.get(as);
      return fetch(`${server.url}${path}`, {
        method,
        redirect: 'manual',
        headers: {
          ...(cookie === undefined ? {} : { cookie }),
          ...(isOurs ? { 'Sec-Fetch-Site': 'same-origin' } : { 'Sec-Fetch-Site': 'cross-site' }),
        },
      });
    },
    open: (path) =>
      fetch(`${server.url}${path}`, {
        redirect: 'manual',
        headers: path.startsWith('/api/') ? { authorization: `Bearer ${token}` } : { cookie: cookies.get('admin') ?? '' },
      }),
    close: () => server.close(),
  };
}

/** One more ticket from its first message to its solution. */
export async function liveThrough({ app: { desk }, people }: Pick<Stage, 'app' | 'people'>, subject: string): Promise<void> {
  const [admin, customer] = [actorOf(people.admin), actorOf(people.customer)];
  const { ticket } = await openTicket(desk, customer, {
    subject,
    requester: { userId: people.customer.id },
    message: { text: 'Hello' },
    channel: 'portal',
  });
  await reply(desk, admin, ticket.id, { kind: 'reply', text: 'An answer' });
  await reply(desk, admin, ticket.id, { kind: 'note', text: 'A note' });
  await editTicket(desk, admin, ticket.id, { tags: ['trial'] });
  await changeStatus(desk, admin, ticket.id, 'solved');
}
