import { actorOf, createApiToken, createUser, openSession, sessionCookie, systemActor, type App } from '@helpdesk/core/operator';

export interface Scenario {
  readonly name: string;
  readonly path: string;
  readonly kind: 'html' | 'json';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: () => string;
}

/** How many customers write in the scenario that creates tickets. */
export const customersOfBench = 20;

/** What the desk is asked; an administrator is made for it. */
export async function scenariosOf({ desk }: App): Promise<readonly Scenario[]> {
  const admin = await createUser(desk, systemActor, { name: 'Bench', email: 'bench@example.com', role: 'admin', isConfirmed: true });
  const { token } = await createApiToken(desk, actorOf(admin), { userId: admin.id, name: 'bench', scopes: ['*'] });
  const ticket = await desk.storage.read('tickets').where({ place: 'desk' }).orderBy('id', 'desc').first('id', 'number');
  const cookie = { Cookie: `${sessionCookie(false)}=${await openSession(desk, admin.id, {})}` };
  const bearer = { Authorization: `Bearer ${token}` };
  let made = 0;
  return [
    { name: 'list', path: '/desk/inbox/open', kind: 'html', headers: cookie },
    { name: 'ticket', path: `/desk/tickets/${ticket?.number ?? 0}`, kind: 'html', headers: cookie },
    { name: 'search', path: '/desk/search?q=lamp', kind: 'html', headers: cookie },
    { name: 'portal home', path: '/', kind: 'html', headers: {} },
    { name: 'API list', path: '/api/v1/tickets?q=is:open', kind: 'json', headers: bearer },
    { name: 'API ticket', path: `/api/v1/tickets/${ticket?.id ?? 0}`, kind: 'json', headers: bearer },
    { name: 'API search', path: '/api/v1/search?q=lamp', kind: 'json', headers: bearer },
    {
      name: 'API create',
      path: '/api/v1/tickets',
      kind: 'json',
      headers: bearer,
      body: () =>
        JSON.stringify({
          subject: `Lamp ${(made += 1) + 100_000}`,
          text: 'The lamp of order 10288 does not shine any more.',
          requester: { email: `customer${made % customersOfBench}@example.org` },
        }),
    },
  ];
}
