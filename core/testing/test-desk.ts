import path from 'node:path';
import { createApp, readConfig, type App } from '../app.ts';
import { actorOf, createApiToken, hashPassword, openSession } from '../auth/index.ts';
import type { Sabotage } from '../conformance/index.ts';
import { sessionCookie } from '../http/cookies.ts';
import { checkInvariants, type Violation } from '../doctor/index.ts';
import { eventsAfter, type RecordedEvent } from '../events/index.ts';
import { createLogger } from '../log.ts';
import { createUser, systemActor, type User, type UserActor } from '../users/index.ts';
import type { Storage } from '../storage/index.ts';
import { insertFile } from '../files/index.ts';
import {
  changeStatus,
  mergeTickets,
  openTicket,
  reply,
  type Message,
  type ReplyInput,
  type Ticket,
  type TicketDraft,
} from '../tickets/index.ts';
import { createDatabase, type DatabaseHandle, type TestDatabase } from './database.ts';
import { listenOnLoopback, type Listening } from './listening.ts';
import { startSmtpSink, type SinkMail } from './smtp-sink.ts';
import { TestClock } from './test-clock.ts';

export interface TestDeskOptions {
  readonly database?: TestDatabase;
  /** Folders that hold plugin folders; default none. */
  readonly pluginFolders?: readonly string[];
  /** Also looks into the desk's data folder, where installing puts plugins. */
  readonly findsInstalled?: boolean;
  /** Lets handlers of plugins fail on demand. */
  readonly sabotage?: Sabotage;
  /** Plugins to switch on: ids, or absolute folders such as that of the plugin under test. */
  readonly plugins?: readonly string[];
  /** Sends through a real SMTP server on loopback, whose mails `sent` returns. */
  readonly sendsMail?: boolean;
  /** Folder of the site, for its themes; default a folder without any. */
  readonly root?: string;
  /** With `all`, jobs and timers run by themselves, and so does the clock. */
  readonly role?: 'all' | 'web' | 'command';
  /** Hosts of the private network that plugins, sign-ins and mailboxes may reach. */
  readonly privateHosts?: readonly string[];
  /** A second process of that desk: same database, clock and people. Close it before the first. */
  readonly beside?: TestDesk;
}

/** The use cases that tests of plugins need around their own. */
export interface DeskPerson {
  open(draft: TicketDraft): Promise<{ ticket: Ticket; message: Message }>;
  reply(ticketId: number, input: ReplyInput): Promise<Message>;
  changeStatus(ticketId: number, key: string): Promise<Ticket>;
  merge(ticketId: number, intoId: number): Promise<Ticket>;
  /** Stores a file as an upload does and returns its id. */
  upload(file: { readonly name: string; readonly contentType: string; readonly content: Uint8Array }): Promise<number>;
}

type Name = 'ada' | 'can' | 'mina';

export interface TestDesk {
  readonly app: App;
  readonly database: DatabaseHandle;
  readonly clock: TestClock;
  readonly storage: Storage;
  /** ada administers, can is an agent, mina is a customer. Addresses are `<name>@example.com`, passwords `<name> has a password`. */
  readonly people: Readonly<Record<Name, User>>;
  actor(name: Name): UserActor;
  /** Use cases in the name of a person. */
  as(name: Name): DeskPerson;
  /** An API token of the person with all scopes. */
  token(name: Name): Promise<string>;
  /** A `Cookie` header of a fresh session. */
  cookie(name: Name): Promise<string>;
  /** Base URL of the desk's HTTP server, started on first use. */
  url(): Promise<string>;
  /** `fetch` against the desk, with the same-origin proof that browsers send. */
  fetch(pathname: string, init?: RequestInit & { as?: Name }): Promise<Response>;
  /** Runs every job that is due, and what those jobs queue. */
  settle(): Promise<number>;
  /** What was recorded so far, oldest first: every action that hooks heard of. */
  events(name?: string): Promise<readonly RecordedEvent[]>;
  /** The mails that left, of a desk made with `sendsMail`. */
  sent(): readonly SinkMail[];
  /** What `helpdesk doctor` would say: every invariant of core and of the running plugins that does not hold. */
  violations(): Promise<readonly Violation[]>;
  close(): Promise<void>;
}

/** A whole desk for one test: its own database, a clock the test moves, three people. Jobs run when `settle` is called. */
export async function createTestDesk(options: TestDeskOptions = {}): Promise<TestDesk> {
  const { beside, plugins = [] } = options;
  // What failed once is tried again by the clock: standing still, it would never be.
  const clock = beside?.clock ?? new TestClock(undefined, options.role === 'all');
  const handle = beside?.database ?? (await createDatabase(options.database));
  const storage = handle.open();
  const log = createLogger(process.env['TEST_LOG'] === undefined ? 'silent' : 'debug', clock, (line) => process.stderr.write(line));
  const config = {
    ...readConfig(
      { HELPDESK_DATA: handle.folder, HELPDESK_URL: 'http://desk.example' },
      {},
      options.root ?? path.join(handle.folder, 'site'),
    ),
    databaseUrl: handle.url,
    privateHosts: options.privateHosts ?? [],
  };
  const app = await createApp({
    config,
    clock,
    log,
    role: options.role ?? 'web',
    storage,
    isMigrated: true,
    // A crowded machine is no slow plugin.
    slotDeadlineMs: 20_000,
    ...(options.sabotage === undefined ? {} : { sabotage: options.sabotage }),
    pluginFolders: [
      ...(options.pluginFolders ?? []),
      ...plugins.filter((one) => path.isAbsolute(one)).map((folder) => path.dirname(folder)),
      ...(options.findsInstalled === true ? [path.join(handle.folder, 'plugins')] : []),
    ],
  });
  await app.start();
  const sink = options.sendsMail === true ? await startSmtpSink() : undefined;
  if (sink !== undefined) await app.desk.settings.set('mail', { from: 'desk@desk.example', smtp: `smtp://127.0.0.1:${sink.port}` });
  for (const plugin of plugins) await app.plugins.activate(path.basename(plugin));
  const people = beside?.people ?? (await createPeople(app));
  let server: Listening | undefined;

  const desk: TestDesk = {
    app,
    database: handle,
    clock,
    storage,
    people,
    actor: (name) => actorOf(people[name]),
    as: (name) => personOf(app, actorOf(people[name])),
    token: async (name) =>
      (await createApiToken(app.desk, actorOf(people[name]), { userId: people[name].id, name: 'test', scopes: ['*'] })).token,
    cookie: async (name) => `${sessionCookie(false)}=${await openSession(app.desk, people[name].id, {})}`,
    async url() {
      server ??= await listenOnLoopback(app);
      return server.url;
    },
    async fetch(pathname, init = {}) {
      const headers = new Headers(init.headers);
      if (!headers.has('Sec-Fetch-Site')) headers.set('Sec-Fetch-Site', 'same-origin');
      if (init.as !== undefined) headers.set('Cookie', await desk.cookie(init.as));
      return fetch(`${await desk.url()}${pathname}`, { redirect: 'manual', ...init, headers });
    },
    settle: () => app.worker.drain(),
    events: async (name) => (await eventsAfter(storage.read, 0, 10_000)).filter((event) => name === undefined || event.name === name),
    sent: () => sink?.mails ?? [],
    violations: () => checkInvariants(app.desk, app.plugins.snapshot),
    async close() {
      await server?.close();
      await sink?.close();
      await app.stop();
      await storage.close();
      if (beside === undefined) handle.remove();
    },
  };
  return desk;
}

function personOf({ desk }: App, actor: UserActor): DeskPerson {
  return {
    open: (draft) => openTicket(desk, actor, draft),
    reply: (ticketId, input) => reply(desk, actor, ticketId, input),
    changeStatus: (ticketId, key) => changeStatus(desk, actor, ticketId, key),
    merge: (ticketId, intoId) => mergeTickets(desk, actor, ticketId, intoId),
    upload: async ({ content, ...file }) => {
      const blob = await desk.files.put(content);
      return (await desk.storage.writeTx((tx) => insertFile(tx, desk.clock, { ...blob, ...file, createdBy: actor.userId }))).id;
    },
  };
}

const hashes = new Map<string, Promise<string>>();

// Hashing is slow on purpose; paid once a process, not three times a desk.
function hashOnce(password: string): Promise<string> {
  const known = hashes.get(password) ?? hashPassword(password);
  hashes.set(password, known);
  return known;
}

async function createPeople(app: App): Promise<Readonly<Record<Name, User>>> {
  const create = async (name: Name, role: string, full: string): Promise<User> =>
    createUser(app.desk, systemActor, {
      name: full,
      email: `${name}@example.com`,
      role,
      passwordHash: await hashOnce(`${name} has a password`),
      isConfirmed: true,
    });
  return {
    ada: await create('ada', 'admin', 'Ada Yılmaz'),
    can: await create('can', 'agent', 'Can Demir'),
    mina: await create('mina', 'customer', 'Mina Kaya'),
  };
}
