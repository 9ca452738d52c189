import type { Knex } from 'knex';
import type { RecordedEvent } from './events/index.ts';
import type { FileRecord } from './files/index.ts';
import type { Translator } from './i18n/index.ts';
import type { JobHandler, NewJob } from './jobs/index.ts';
import type { Clock } from './kernel/clock.ts';
import type { Route } from './kernel/contributions.ts';
import type { ActionName } from './kernel/hook-bus.ts';
import type { Actions } from './kernel/hook-map.ts';
import type { Disposable } from './kernel/hook-types.ts';
import type { Logger } from './kernel/log.ts';
import type { Hooks } from './kernel/plugin-hooks.ts';
import type { PluginServices } from './kernel/services.ts';
import type { SlotContribution, SlotName } from './kernel/slots.ts';
import type {
  Address,
  AutomaticMail,
  DeliveryNews,
  MailAccount,
  Mailbox,
  MailboxInput,
  ReportedMail,
  SendingHealth,
  SignInPage,
} from './mail/index.ts';
import type { CliCommand, HealthCheck, MenuItem, PrivacyAnswer } from './plugin-contributions.ts';
import type { Form } from './http/body.ts';
import type { PluginPage } from './http/pages.ts';
import type { Context, Next } from './http/request-state.ts';
import type { GuardedFetch } from './net/index.ts';
import type { Match, SearchDocument } from './search/index.ts';
import type { SettingScope, SettingsOf, SettingsSchema } from './settings/index.ts';
import type { Dialect, Tx } from './storage/index.ts';
import type { Message, Opening, Replying, ReplyInput, SplitOptions, Ticket, TicketChanges, TicketDraft } from './tickets/index.ts';
import type { Actor, User } from './users/index.ts';

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
    /** A key for signing, one per purpose. @throws Unavailable `secrets.key-missing` while the key file is missing. */
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
    /**
     * For a job: deletes the bytes of something the plugin stored itself, unless a recorded file or another plugin
     * (`files.removing`) has the same ones. @throws TryLater while somebody may be storing them.
     */
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
    /** Where an administrator signs a mailbox in at its provider in the place of a password: a page for each provider that is set up. */
    signInPages(mailboxId: number): Promise<readonly SignInPage[]>;
    /** The sign-in of a mailbox at its provider; undefined when it signs in with a password. */
    account(mailboxId: number): Promise<MailAccount | undefined>;
    /** The sender of mail that belongs to no mailbox; undefined when the desk cannot send. */
    systemSender(): Promise<Address | undefined>;
    /** Queues a mail that no person wrote, within the loop budget all plugins share. */
    queueAutomatic(tx: Tx, mail: AutomaticMail, sender: Address | undefined): Promise<boolean>;
    /** How sending of one mailbox goes: what waits, what came back, what the loop guard held back. */
    sendingHealth(mailboxId: number): Promise<SendingHealth>;
    /** The same of mail that belongs to no mailbox, such as sign-in links. */
    deskSendingHealth(): Promise<SendingHealth>;
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
    /** Whether the operator lets the desk reach this host of the private network, by `privateHosts` in helpdesk.config.ts. */
    allowsPrivate(host: string): boolean;
  };
}
