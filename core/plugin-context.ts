import type { Knex } from 'knex';
import type { Desk } from './desk.ts';
import { eventsOfTicket, settledEventsAfter, type RecordedEvent } from './events/index.ts';
import { findFiles, insertFile, type FileRecord } from './files/index.ts';
import type { Translator } from './i18n/index.ts';
import type { JobHandler, NewJob } from './jobs/index.ts';
import type { PluginKit } from './kernel/activating.ts';
import { withCheckedCalls } from './kernel/call-check.ts';
import type { Clock } from './kernel/clock.ts';
import type { Route } from './kernel/contributions.ts';
import { Refused, Unavailable } from './kernel/errors.ts';
import type { ActionName } from './kernel/hook-bus.ts';
import type { Actions } from './kernel/hook-map.ts';
import type { Disposable } from './kernel/hook-point.ts';
import type { Logger } from './kernel/log.ts';
import type { FoundPlugin } from './kernel/manifest.ts';
import type { Oversight } from './kernel/oversight.ts';
import type { Hooks } from './kernel/plugin-hooks.ts';
import { currentScope } from './kernel/scope.ts';
import type { PluginServices } from './kernel/services.ts';
import type { SlotContribution, SlotName } from './kernel/slots.ts';
import {
  findMailbox,
  listMailboxes,
  mailFigures,
  mailIdHash,
  saveMailbox,
  type Address,
  loopGuardHits7Days,
  reportDelivery,
  sendingHealth,
  type AutomaticMail,
  type DeliveryNews,
  type Mailbox,
  type MailboxInput,
  type MailFigures,
  type ReportedMail,
  type SendingHealth,
} from './mail/index.ts';
import { pluginCalls } from './plugin-calls.ts';
import type { CliCommand, HealthCheck, MenuItem, PrivacyAnswer } from './plugin-contributions.ts';
import { readForm, type Form } from './http/body.ts';
import type { Pages, PluginPage } from './http/pages.ts';
import type { Context, Next } from './http/request-state.ts';
import { GuardedNetwork, type GuardedFetch } from './net/index.ts';
import { matchDocuments, putDocument, removeDocument, type Match, type SearchDocument } from './search/index.ts';
import type { SettingScope, SettingsOf, SettingsSchema } from './settings/index.ts';
import { TxTooLong, type Dialect, type Tx, type TxOptions } from './storage/index.ts';
import {
  editTicket,
  findMessage,
  latestMessages,
  latestTextsOf,
  mergeTickets,
  messageOfMailId,
  openTicket,
  prepareOpening,
  prepareReply,
  reply,
  resolveMerged,
  seeTicket,
  shareTicket,
  splitMessage,
  ticketIdOfNumber,
  writeLink,
  type Message,
  type Opening,
  type Replying,
  type ReplyInput,
  type SplitOptions,
  type Ticket,
  type TicketChanges,
  type TicketDraft,
} from './tickets/index.ts';
import { emailsOf, findOrCreateCustomer, findUser, findUserByEmail, listAgents, type Actor, type User } from './users/index.ts';

/** Own tables and transactions. Core's tables are reached through the use cases, never by name. */
export interface PluginDb {
  readonly dialect: Dialect;
  /** Full name of an own table: `mails` is `p_<slug>_mails`. */
  name(table: string): string;
  /** A query over an own table, for reading. */
  table(table: string): Knex.QueryBuilder;
  readonly raw: Knex['raw'];
  /**
   * One transaction over own tables and the `commit` halves of core use cases. Longer than two
   * seconds it is rolled back: on SQLite it holds the only writer of the desk.
   */
  tx<T>(work: (tx: PluginTx) => Promise<T>): Promise<T>;
}

export type PluginTx = Tx & { table(table: string): Knex.QueryBuilder };

export interface JobOptions {
  /** Milliseconds; default five minutes. */
  readonly timeoutMs?: number;
  /** Runs by itself this often, once over all processes. */
  readonly everyMs?: number;
  readonly lane?: NewJob['lane'];
}

/** One address of a plugin. */
export interface PluginRoute extends Omit<Route, 'handler'> {
  handler(request: Context, next: Next): unknown;
}

/** Everything a plugin is given. All of it is the plugin's own and undone when it is switched off. */
export interface PluginContext<S extends SettingsSchema = SettingsSchema> {
  readonly id: string;
  readonly version: string;
  /** The plugin's folder. */
  readonly folder: string;
  /** Folder of the data a running site writes; the plugin uses `<data>/plugins-data/<id>`. */
  readonly dataFolder: string;
  /** Public base URL of the desk. */
  readonly url: string;
  readonly log: Logger;
  readonly clock: Clock;
  /** Aborted when the plugin is switched off. */
  readonly signal: AbortSignal;
  /** False in a command-line call: long-lived work such as connections belongs to processes that run jobs. */
  readonly runsJobs: boolean;
  /** Settings of the site that plugins must honour too. */
  site(): Promise<{ readonly name: string; readonly reopenDays: number; readonly timeZone: string }>;
  /** The actor for what the plugin does by itself; `userId` names the person it acts for. */
  actor(userId?: number): Actor;
  readonly hooks: Hooks;
  readonly services: PluginServices;
  own(resource: Disposable | (() => void | Promise<void>)): void;
  /** Stops the current action with a sentence for the person. @throws Refused always. */
  refuse(message: string): never;
  readonly db: PluginDb;
  readonly settings: {
    get(): Promise<SettingsOf<S>>;
    /** What one mailbox or person chose, over those of the site. */
    get(scope: SettingScope): Promise<SettingsOf<S>>;
    set(values: Readonly<Record<string, unknown>>): Promise<void>;
    set(values: Readonly<Record<string, unknown>>, scope: SettingScope): Promise<void>;
    secret(key: string): Promise<string | undefined>;
    onChange(listener: () => void): Disposable;
  };
  readonly secrets: {
    get(key: string): Promise<string | undefined>;
    set(tx: Tx, key: string, value: string): Promise<void>;
    delete(tx: Tx, key: string): Promise<void>;
    signingKey(purpose: string): Buffer;
  };
  readonly http: {
    /** Pages of the portal under `/p/<id>`, or under an address of its own such as `/kb`. */
    portal(routes: readonly PluginRoute[], at?: string): Disposable;
    desk(routes: readonly PluginRoute[]): Disposable;
    admin(routes: readonly PluginRoute[]): Disposable;
    api(routes: readonly PluginRoute[]): Disposable;
    /** Reads a submitted form; files in it are stored already. */
    form(ctx: Context): Promise<Form>;
    /** Renders a page of the plugin inside the layout of its area. */
    page(ctx: Context, page: PluginPage): Promise<void>;
  };
  readonly ui: {
    slot<K extends SlotName>(name: K, contribution: Omit<SlotContribution<K>, 'slot'>): Disposable;
    menu(item: MenuItem): Disposable;
    /** A template helper; its name starts with the plugin's id and a dash. */
    helper(name: string, run: (this: unknown, ...args: unknown[]) => unknown): Disposable;
  };
  readonly jobs: {
    define(name: string, run: JobHandler, options?: JobOptions): Disposable;
    enqueue(tx: Tx, job: Omit<NewJob, 'plugin'>): Promise<boolean>;
  };
  readonly tickets: {
    opening(actor: Actor, draft: TicketDraft): Promise<Opening>;
    open(actor: Actor, draft: TicketDraft): Promise<{ ticket: Ticket; message: Message }>;
    replying(actor: Actor, ticketId: number, input: ReplyInput): Promise<Replying>;
    reply(actor: Actor, ticketId: number, input: ReplyInput): Promise<Message>;
    edit(actor: Actor, ticketId: number, changes: TicketChanges): Promise<Ticket>;
    get(actor: Actor, ticketId: number): Promise<Ticket>;
    /** The living ticket behind an id: merges are followed. */
    living(ticketId: number): Promise<Ticket | undefined>;
    /** Takes a customer's message out of its ticket, into a new one or into another; returns that one. */
    split(actor: Actor, messageId: number, options?: SplitOptions): Promise<Ticket>;
    /** Moves everything of a ticket into another, which is returned. */
    merge(actor: Actor, ticketId: number, intoId: number): Promise<Ticket>;
    /** Notes inside the caller's transaction that two tickets belong together. */
    link(tx: Tx, actor: Actor, ticketId: number, otherId: number): Promise<void>;
    /** Shows the ticket in the lists of a further mailbox, in the caller's transaction. */
    shareWith(tx: Tx, ticketId: number, mailboxId: number): Promise<void>;
    idOfNumber(number: number): Promise<number | undefined>;
    message(messageId: number): Promise<Message | undefined>;
    latestMessages(ticketId: number, limit: number): Promise<readonly Message[]>;
    /** What a person wrote to the desk lately, newest first. */
    latestTextsOf(userId: number, limit: number): Promise<readonly string[]>;
    /** Which stored messages these Message-IDs name, by the id without brackets. */
    byMailIds(
      messageIds: readonly string[],
      /** Preferred where one mail became a ticket in each of its mailboxes. */
      mailboxId?: number,
    ): Promise<ReadonlyMap<string, { ticketId: number; messageId: number | null; direction: 'in' | 'out' }>>;
  };
  readonly users: {
    get(id: number): Promise<User | undefined>;
    byEmail(email: string): Promise<User | undefined>;
    emails(id: number): Promise<readonly string[]>;
    /** The agents who may be given tickets, at most 500. */
    agents(): Promise<readonly User[]>;
    findOrCreateCustomer(tx: Tx, person: { email: string; name?: string | undefined }): Promise<User>;
    /** Stops automatic mail to an address, or starts it again. */
    suppress(tx: Tx, email: string, isSuppressed: boolean): Promise<void>;
  };
  readonly files: {
    /** Stores the bytes first, outside any transaction. */
    store(content: Uint8Array): Promise<{ sha256: string; size: number }>;
    record(tx: Tx, file: { sha256: string; size: number; name: string; contentType: string }): Promise<FileRecord>;
    find(ids: readonly number[]): Promise<readonly FileRecord[]>;
    read(sha256: string): Promise<Buffer>;
    /** Deletes the bytes of something the plugin stored itself, unless a recorded file has the same ones. */
    remove(sha256: string): Promise<void>;
  };
  readonly mail: {
    mailboxes(): Promise<readonly Mailbox[]>;
    mailbox(id: number): Promise<Mailbox | undefined>;
    saveMailbox(actor: Actor, input: MailboxInput, id?: number): Promise<Mailbox>;
    /** Signs in to the server a mailbox sends through. @throws Unavailable with the server's words. */
    testMailbox(mailboxId: number): Promise<void>;
    /**
     * What a mailbox signs in with at a server in the place of a password, where it signed in at its provider.
     *
     * @throws Invalid `mail.sign-in-elsewhere`, Unavailable `mail.sign-in-again`, `mail.sign-in-failed` with the provider's words.
     */
    accessToken(mailboxId: number, host: string): Promise<string | undefined>;
    /** The sender of mail that belongs to no mailbox; undefined when the desk cannot send. */
    /** How sending goes, by mailbox id. */
    figures(): Promise<ReadonlyMap<number, MailFigures>>;
    systemSender(): Promise<Address | undefined>;
    /** Queues a mail that no person wrote, within the loop budget all plugins share. */
    queueAutomatic(tx: Tx, mail: AutomaticMail, sender: Address | undefined): Promise<boolean>;
    /** How sending of one mailbox goes: what waits, what came back, whether its sign-in holds. */
    sendingHealth(mailboxId: number): Promise<SendingHealth>;
    /** How often the loop guard held automatic mail back in the last seven days. */
    loopGuardHits(): Promise<number>;
    /** Writes what became of a sent mail, such as a bounce, on its message and addresses; undefined when this desk sent no such mail. */
    report(tx: Tx, news: DeliveryNews): Promise<ReportedMail | undefined>;
  };
  readonly events: {
    record<K extends ActionName>(tx: Tx, name: K, event: { ticketId?: number; actor?: Actor; payload: Actions[K] }): Promise<number>;
    ofTicket(ticketId: number): Promise<readonly RecordedEvent[]>;
    /** The stream after one event, oldest first, never past one that may still appear. */
    after(id: number, limit: number): Promise<readonly RecordedEvent[]>;
  };
  readonly search: {
    put(tx: Tx, document: Omit<SearchDocument, 'owner'>): Promise<void>;
    remove(tx: Tx, kind: string, ref: number): Promise<void>;
    find(query: string, kinds: readonly string[], limit: number): Promise<readonly Match[]>;
  };
  readonly live: { announce(topics: readonly string[]): void };
  cli(command: CliCommand): Disposable;
  health(check: () => Promise<readonly HealthCheck[]>): Disposable;
  readonly privacy: {
    /** Answers for what the plugin stores about people; a plugin that stores none says `personalData: false` in its manifest. */
    declare(answer: PrivacyAnswer<PluginTx>): Disposable;
  };
  /** A check of the plugin's invariants for `helpdesk doctor`; each returned sentence is a violation. */
  doctor(id: string, check: () => Promise<readonly string[]>): Disposable;
  readonly i18n: { translatorFor(locale: string | null): Translator };
  readonly net: {
    /**
     * `fetch` to the hosts that the manifest declares as `net:<host>` (`net:*` is any). Addresses in private networks
     * are refused when the connection is made, redirects come back as they are, answers are cut off at 20 MB and
     * after 30 s. @throws Forbidden `net.host-undeclared`, `net.host-private`.
     */
    readonly fetch: GuardedFetch;
  };
}

const txLimitMs = 2000;

/** Builds the context of one plugin from the kernel's kit and the desk. */
export function makePluginContext(
  desk: Desk,
  plugin: FoundPlugin,
  kit: PluginKit,
  { runsJobs, pages, oversight }: { readonly runsJobs: boolean; readonly pages: Pages; readonly oversight: Oversight },
): PluginContext {
  const { id, register, own } = kit;
  const { storage, clock } = desk;
  const network = new GuardedNetwork({ uses: plugin.manifest.uses ?? [], privateHosts: desk.config.privateHosts });
  own(() => network.close());
  const slug = plugin.manifest.db?.slug ?? id.replaceAll('-', '_');
  const name = (table: string): string => `p_${slug}_${table}`;
  const keep = (dispose: () => void): Disposable => {
    own(dispose);
    return { dispose };
  };
  const withTables = (tx: Tx): PluginTx => Object.assign(tx, { table: (table: string) => tx(name(table)) });
  const jobName = (job: string): string => (job.startsWith(`${id}.`) ? job : `${id}.${job}`);
  const routes = (area: 'portal' | 'desk' | 'admin' | 'api') => (list: readonly PluginRoute[], at?: string) =>
    // The desk's router hands over what its middlewares made of the request.
    register('route', { area, routes: list as unknown as readonly Route[], ...(at === undefined ? {} : { at }) });

  const context: PluginContext = {
    id,
    version: kit.version,
    folder: kit.folder,
    dataFolder: `${desk.config.data}/plugins-data/${id}`,
    url: desk.config.url,
    log: desk.log.child({ plugin: id }),
    clock,
    signal: kit.signal,
    runsJobs,
    site: async () => {
      const [site, tickets] = await Promise.all([desk.settings.get('site'), desk.settings.get('tickets')]);
      return { name: String(site['name']), reopenDays: Number(tickets['reopenDays']), timeZone: String(site['timeZone']) };
    },
    actor: (userId) => ({ kind: 'plugin', plugin: id, ...(userId === undefined ? {} : { userId }) }),
    hooks: kit.hooks,
    services: kit.services,
    own,
    refuse: (message) => {
      throw new Refused('plugins.refused', { plugin: id, message });
    },
    db: {
      dialect: storage.dialect,
      name,
      table: (table) => storage.read(name(table)),
      raw: storage.read.raw.bind(storage.read) as Knex['raw'],
      tx: (work) => withinTxLimit(id, oversight, (options) => storage.writeTx((tx) => work(withTables(tx)), options)),
    },
    settings: {
      get: (scope?: SettingScope) => desk.settings.get(id, scope),
      set: (values: Readonly<Record<string, unknown>>, scope?: SettingScope) => desk.settings.set(id, values, scope),
      secret: (key) => desk.settings.secret(id, key),
      onChange: (listener) => keep(desk.settings.onChange(id, listener)),
    },
    secrets: {
      get: (key) => desk.secrets.get(id, key),
      set: (tx, key, value) => desk.secrets.set(tx, id, key, value),
      delete: (tx, key) => desk.secrets.delete(tx, id, key),
      signingKey: (purpose) => desk.secrets.signingKey(`${id} ${purpose}`),
    },
    http: {
      portal: routes('portal'),
      desk: routes('desk'),
      admin: routes('admin'),
      api: routes('api'),
      form: (ctx) => readForm(desk, ctx),
      page: (ctx, page) => pages.plugin(ctx, page),
    },
    ui: {
      slot: (slot, contribution) => register('slot', { ...contribution, slot } as SlotContribution),
      menu: (item) => register('menu', item),
      helper: (helper, run) => register('helper', { name: helper, run }),
    },
    jobs: {
      define: (job, run, options = {}) => {
        const full = jobName(job);
        if (options.everyMs !== undefined)
          keep(
            desk.cron.add({
              name: full,
              plugin: id,
              everyMs: options.everyMs,
              ...(options.lane === undefined ? {} : { lane: options.lane }),
            }),
          );
        return keep(
          desk.jobRegistry.define({
            name: full,
            plugin: id,
            run,
            ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
          }),
        );
      },
      enqueue: (tx, job) => desk.jobs.enqueue(tx, { ...job, name: jobName(job.name), plugin: id }),
    },
    tickets: {
      opening: (actor, draft) => prepareOpening(desk, actor, draft),
      open: (actor, draft) => openTicket(desk, actor, draft),
      replying: (actor, ticketId, input) => prepareReply(desk, actor, ticketId, input),
      reply: (actor, ticketId, input) => reply(desk, actor, ticketId, input),
      edit: (actor, ticketId, changes) => editTicket(desk, actor, ticketId, changes),
      get: (actor, ticketId) => seeTicket(desk, actor, ticketId),
      living: (ticketId) => resolveMerged(storage.read, ticketId),
      split: (actor, messageId, options) => splitMessage(desk, actor, messageId, options),
      merge: (actor, ticketId, intoId) => mergeTickets(desk, actor, ticketId, intoId),
      link: (tx, actor, ticketId, otherId) => writeLink(desk, tx, actor, { ticketId, otherId, isLinked: true }),
      shareWith: (tx, ticketId, mailboxId) => shareTicket(desk, tx, ticketId, mailboxId),
      idOfNumber: (number) => ticketIdOfNumber(storage.read, number),
      message: (messageId) => findMessage(storage.read, messageId),
      latestTextsOf: (userId, limit) => latestTextsOf(storage.read, userId, limit),
      latestMessages: (ticketId, limit) => latestMessages(storage.read, ticketId, limit),
      byMailIds: async (messageIds, mailboxId) => {
        const hashes = new Map(messageIds.map((one) => [mailIdHash(one), one]));
        const found = await messageOfMailId(storage.read, [...hashes.keys()], mailboxId);
        return new Map([...found].map(([hash, hit]) => [hashes.get(hash) ?? hash, hit]));
      },
    },
    users: {
      get: (userId) => findUser(storage.read, userId),
      byEmail: (email) => findUserByEmail(storage.read, email),
      emails: async (userId) => (await emailsOf(storage.read, userId)).map(({ email }) => email),
      agents: () => listAgents(storage.read),
      findOrCreateCustomer: (tx, person) => findOrCreateCustomer(desk, tx, person),
      suppress: async (tx, email, isSuppressed) => {
        await tx('user_emails')
          .where({ email_key: email.trim().toLowerCase() })
          .update({ suppressed_at: isSuppressed ? clock.now() : null });
      },
    },
    files: {
      store: (content) => desk.files.put(content),
      record: (tx, file) => insertFile(tx, clock, file),
      find: (ids) => findFiles(storage.read, ids),
      read: (sha256) => desk.files.read(sha256),
      remove: async (sha256) => {
        if ((await storage.read('files').where({ sha256 }).first('id')) === undefined) await desk.files.remove(sha256);
      },
    },
    mail: {
      mailboxes: () => listMailboxes(storage.read),
      mailbox: (mailboxId) => findMailbox(storage.read, mailboxId),
      saveMailbox: (actor, input, mailboxId) => saveMailbox(desk, actor, input, mailboxId),
      testMailbox: (mailboxId) => desk.mail.testMailbox(mailboxId),
      figures: () => mailFigures(storage.read, clock.now()),
      accessToken: (mailboxId, host) => desk.mail.accessToken(mailboxId, host),
      systemSender: () => desk.mail.systemSender(),
      queueAutomatic: (tx, mail, sender) => desk.mail.queueAutomatic(tx, mail, sender),
      sendingHealth: (mailboxId) => sendingHealth(storage.read, mailboxId, clock.now()),
      loopGuardHits: () => loopGuardHits7Days(storage.read, clock.now()),
      report: (tx, news) => reportDelivery(desk, tx, news),
    },
    events: {
      record: (tx, event, { ticketId, actor, payload }) =>
        desk.events.record(tx, event, {
          actor: actor ?? { kind: 'plugin', plugin: id },
          payload,
          ...(ticketId === undefined ? {} : { ticketId }),
        }),
      ofTicket: (ticketId) => eventsOfTicket(storage.read, ticketId),
      after: (after, limit) => settledEventsAfter(storage.read, { after, limit, now: clock.now() }),
    },
    search: {
      put: (tx, document) => putDocument(tx, storage.dialect, { ...document, owner: id }),
      remove: (tx, kind, ref) => removeDocument(tx, storage.dialect, { owner: id, kind, ref }),
      find: (query, kinds, limit) => matchDocuments(storage.read, storage.dialect, query, { owner: id, kinds, limit }),
    },
    live: desk.live,
    cli: (command) => register('cli', command),
    health: (check) => register('health', { check }),
    privacy: {
      declare: (answer) =>
        register('privacy', {
          export: (person) => answer.export(person),
          erase: (tx, person) => answer.erase(withTables(tx), person),
        }),
    },
    doctor: (check, run) => register('doctor', { id: check, check: run }),
    i18n: { translatorFor: (locale) => desk.translatorFor(locale) },
    net: { fetch: network.fetch },
  };
  return withCheckedCalls({ plugin: id, onRefused: kit.refused }, context, pluginCalls);
}

/** @throws Unavailable `plugins.tx-too-long`, once the transaction is rolled back. */
async function withinTxLimit<T>(plugin: string, oversight: Oversight, run: (options: TxOptions) => Promise<T>): Promise<T> {
  try {
    return await run({ limitMs: txLimitMs });
  } catch (error) {
    if (!(error instanceof TxTooLong)) throw error;
    const { hook } = currentScope();
    oversight.fault({ plugin, hook: hook === undefined ? 'db.tx' : `${hook} (db.tx)`, kind: 'timeout', error });
    throw new Unavailable('plugins.tx-too-long', { plugin, limitMs: txLimitMs }, { cause: error });
  }
}
