import { hostname } from 'node:os';
import type { App } from '../app.ts';
import { actorOf, hashPassword, openSession } from '../auth/index.ts';
import { sessionCookie } from '../http/cookies.ts';
import { listenOnLoopback, type Listening } from '../testing/listening.ts';
import { openTicket } from '../tickets/index.ts';
import { createUser, saveRole, systemActor, type User } from '../users/index.ts';

export type Visitor = 'admin' | 'powerless' | 'customer' | 'nobody';

/** A desk that answers over HTTP, with people of every kind in it. */
export interface Stage {
  readonly app: App;
  readonly people: Readonly<Record<Exclude<Visitor, 'nobody'>, User>>;
  readonly ticketId: number;
  fetch(path: string, options: { readonly as: Visitor; readonly method?: string; readonly isOurs?: boolean }): Promise<Response>;
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
  return {
    app,
    people,
    ticketId: ticket.id,
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
    close: () => server.close(),
  };
}
