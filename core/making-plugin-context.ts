import type { Knex } from 'knex';
import type { Desk } from './desk.ts';
import { eventsOfTicket, settledEventsAfter } from './events/index.ts';
import { findFiles, insertFile, removeUnused } from './files/index.ts';
import type { PluginKit } from './kernel/activating.ts';
import { withCheckedCalls } from './kernel/call-check.ts';
import type { Route } from './kernel/contributions.ts';
import { Refused, Unavailable } from './kernel/errors.ts';
import type { Disposable } from './kernel/hook-types.ts';
import type { FoundPlugin } from './kernel/manifest.ts';
import type { Oversight } from './kernel/oversight.ts';
import { currentScope } from './kernel/scope.ts';
import type { SlotContribution } from './kernel/slots.ts';
import {
  findMailbox,
  listMailboxes,
  namedIdHashes,
  saveMailbox,
  loopGuardHits7Days,
  reportDelivery,
  findMailAccount,
  sendingHealth,
  signInPages,
} from './mail/index.ts';
import { pluginCalls } from './plugin-calls.ts';
import { readForm } from './http/body.ts';
import type { Pages } from './http/pages.ts';
import { GuardedNetwork } from './net/index.ts';
import { matchDocuments, putDocument, removeDocument } from './search/index.ts';
import type { SettingScope } from './settings/index.ts';
import { TxTooLong, type Tx, type TxOptions } from './storage/index.ts';
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
} from './tickets/index.ts';
import { emailsOf, findOrCreateCustomer, findUser, findUserByEmail, listAgents } from './users/index.ts';
import type { PluginContext, PluginRoute, PluginTx } from './plugin-context.ts';

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
        const hashes = new Map(messageIds.flatMap((one) => namedIdHashes(one).map((hash) => [hash, one] as const)));
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
      remove: (sha256) => removeUnused(desk, [sha256]),
    },
    mail: {
      mailboxes: () => listMailboxes(storage.read),
      mailbox: (mailboxId) => findMailbox(storage.read, mailboxId),
      saveMailbox: (actor, input, mailboxId) => saveMailbox(desk, actor, input, mailboxId),
      testMailbox: (mailboxId) => desk.mail.testMailbox(mailboxId),
      accessToken: (mailboxId, host) => desk.mail.accessToken(mailboxId, host),
      signInPages: (mailboxId) => signInPages(desk, mailboxId),
      account: (mailboxId) => findMailAccount(storage.read, mailboxId),
      systemSender: () => desk.mail.systemSender(),
      queueAutomatic: (tx, mail, sender) => desk.mail.queueAutomatic(tx, mail, sender),
      sendingHealth: (mailboxId) => sendingHealth(storage.read, mailboxId, clock.now()),
      deskSendingHealth: () => sendingHealth(storage.read, null, clock.now()),
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
    net: { fetch: network.fetch, allowsPrivate: (host) => network.allowsPrivate(host) },
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
