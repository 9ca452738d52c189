import type { Desk } from '../desk.ts';
import { Conflict, Forbidden, Invalid, NotFound, Unavailable } from '../kernel/errors.ts';
import { GuardedNetwork } from '../net/index.ts';
import type { SettingValues } from '../settings/index.ts';
import type { Tx } from '../storage/index.ts';
import { isAllowed, isEmailAddress, type Actor } from '../users/index.ts';
import { replyHeaders } from './composing.ts';
import { spendBudget } from './loop-guard.ts';
import { findMailbox, listMailboxes, senderOf } from './mailboxes.ts';
import { accessToken, findMailAccount, finishSignIn } from './oauth/index.ts';
import { findOutboxEntry, moveOutboxState } from './outbox-repository.ts';
import { providerOf } from './providers.ts';
import { queueReply, type QueuedReply } from './queueing-replies.ts';
import { queueMail, scheduleSending, sendingKey } from './queueing.ts';
import { parseServerUrl } from './server-url.ts';
import { noticeOf, type Notice, type SystemMail } from './system-mail.ts';
import type { Credentials } from './smtp-connection.ts';
import { testTransport, Transports } from './transports.ts';
import type { Address, Mailbox, OutboxEntry, Transport } from './types.ts';

/** What was read before the transaction, so that queueing inside it only writes. */
export interface Delivery {
  /** As `queueReply` of `queueing-replies.ts`. */
  queueReply(tx: Tx, reply: QueuedReply): Promise<void>;
}

export interface AutomaticMail {
  readonly kind: 'acknowledgement' | 'notification' | 'plugin';
  readonly to: Address;
  readonly mailbox?: Mailbox | undefined;
  readonly ticketId?: number | undefined;
  readonly subject: string;
  readonly text: string;
  readonly html?: string | null | undefined;
  /** Printed by the templates of the active theme, in the place of text and HTML. */
  readonly notice?: Notice | undefined;
  /** Message-ID of the mail that this one answers. */
  readonly inReplyTo?: string | undefined;
  /** Where that mail was sent to: an alias of the mailbox among it is the sender. */
  readonly writtenTo?: readonly Address[] | undefined;
}

/** Everything that leaves the process by mail. */
export class Mail {
  private readonly desk: Desk;
  readonly transports = new Transports();
  /** To wherever mailboxes sign in; an administrator names those places. */
  private readonly network: GuardedNetwork;

  constructor(desk: Desk) {
    this.desk = desk;
    this.network = new GuardedNetwork({ uses: ['net:*'], privateHosts: desk.config.privateHosts });
  }

  async close(): Promise<void> {
    this.transports.close();
    await this.network.close();
  }

  /**
   * What a mailbox signs in with at a server in the place of a password; undefined when it has one.
   *
   * @throws Invalid `mail.sign-in-elsewhere` for a server that is not of the provider, Unavailable `mail.sign-in-again`, `mail.sign-in-failed` with the provider's words.
   */
  async accessToken(mailboxId: number, host: string): Promise<string | undefined> {
    const account = await findMailAccount(this.desk.storage.read, mailboxId);
    if (account === undefined) return undefined;
    // A token of a known provider opens its mailbox to whoever gets it, so it goes to the provider's servers alone.
    if (account.provider !== 'other' && providerOf(host)?.id !== account.provider) throw new Invalid('mail.sign-in-elsewhere', { host });
    return accessToken(this.desk, this.network.fetch, mailboxId);
  }

  /** Ends a sign-in at a provider with what the browser brought back. @throws as `finishSignIn`. */
  finishSignIn(
    actor: Actor,
    session: { readonly id: number },
    answer: { readonly state: string; readonly code: string },
  ): Promise<Mailbox> {
    return finishSignIn(this.desk, this.network.fetch, actor, session, answer);
  }

  /** `mailboxId` is that of the ticket. */
  async prepareDelivery(mailboxId: number | null): Promise<Delivery> {
    const [system, settings] = await Promise.all([this.systemSender(), this.settingsOf(mailboxId)]);
    const replySettings = { system, quoteHistory: String(settings['quoteHistory']), namesAgent: settings['senderName'] === 'agent' };
    return { queueReply: (tx, reply) => queueReply(this.desk, tx, reply, replySettings) };
  }

  /** How much of the earlier messages the replies of a mailbox carry: `none`, `last` or `all`. */
  async quoteHistory(mailboxId: number | null): Promise<string> {
    return String((await this.settingsOf(mailboxId))['quoteHistory']);
  }

  /** The address system mail comes from: the setting, else the first mailbox that can send. */
  async systemSender(): Promise<Address | undefined> {
    const [mail, site, mailboxes] = await Promise.all([
      this.desk.settings.get('mail'),
      this.desk.settings.get('site'),
      listMailboxes(this.desk.storage.read),
    ]);
    const from = String(mail['from']);
    if (isEmailAddress(from) && (await this.desk.settings.hasSecret('mail', 'smtp'))) return { name: String(site['name']), email: from };
    const mailbox = mailboxes.find((one) => one.isActive && one.transport !== null);
    return mailbox === undefined ? undefined : { name: mailbox.name, email: mailbox.address };
  }

  /** Queues a mail of the desk itself, such as a sign-in link. @throws Unavailable `mail.not-set-up`. */
  async sendSystem(mail: SystemMail): Promise<void> {
    const sender = await this.systemSender();
    if (sender === undefined) throw new Unavailable('mail.not-set-up');
    await this.sendNotice(await noticeOf(this.desk, mail), { email: mail.to }, sender);
  }

  /** Queues a notice to one person, such as a test of how mails look. */
  async sendNotice(
    notice: Notice,
    to: Address,
    sender: Address,
    printed?: { readonly text: string; readonly html: string },
  ): Promise<void> {
    const composed = { subject: notice.subject, ...(printed ?? (await this.desk.printNotice(notice))) };
    await this.desk.storage.writeTx((tx) =>
      queueMail(this.desk, tx, {
        kind: 'system',
        envelope: { from: sender, to: [to], cc: [] },
        headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
        ...composed,
      }),
    );
  }

  /**
   * Queues a mail that no person wrote, within the loop budget of its recipient.
   * Returns false when the budget is used up, the address is suppressed or the desk cannot send.
   */
  async queueAutomatic(tx: Tx, mail: AutomaticMail, sender: Address | undefined): Promise<boolean> {
    const from = mail.mailbox?.transport ? senderOf(mail.mailbox, mail.writtenTo) : sender;
    const key = mail.to.email.toLowerCase();
    if (from === undefined || !isEmailAddress(mail.to.email) || (await this.isSuppressed(tx, key))) return false;
    if (!(await spendBudget(this.desk, tx, mail))) return false;
    const isAnswer = mail.kind === 'acknowledgement';
    await queueMail(this.desk, tx, {
      kind: mail.kind,
      ticketId: mail.ticketId,
      mailboxId: mail.mailbox?.transport ? mail.mailbox.id : undefined,
      envelope: { from, to: [mail.to], cc: [] },
      // RFC 3834 section 5, and the older headers that vacation programs still look at.
      headers: {
        'Auto-Submitted': isAnswer ? 'auto-replied' : 'auto-generated',
        'X-Auto-Response-Suppress': 'All',
        Precedence: isAnswer ? 'auto_reply' : 'bulk',
        ...(mail.inReplyTo === undefined ? {} : replyHeaders([], mail.inReplyTo)),
      },
      subject: mail.subject,
      ...(mail.notice === undefined ? { text: mail.text, html: mail.html ?? null } : await this.desk.printNotice(mail.notice)),
    });
    return true;
  }

  /** Where an entry is sent through: its mailbox's server, else the one for system mail. */
  async credentialsFor(entry: OutboxEntry): Promise<Credentials | undefined> {
    const mailbox = entry.mailboxId === null ? undefined : await findMailbox(this.desk.storage.read, entry.mailboxId);
    if (mailbox?.transport) return this.mailboxCredentials(mailbox);
    const url = await this.desk.settings.secret('mail', 'smtp');
    if (url !== undefined) return { ...parseServerUrl(url, 'smtp'), isOperators: true };
    const any = (await listMailboxes(this.desk.storage.read)).find((one) => one.isActive && one.transport !== null);
    return any === undefined ? undefined : this.mailboxCredentials(any);
  }

  /** Tries a failed or uncertain mail once more. @throws Conflict when it is not waiting for that. */
  async retry(actor: Actor, outboxId: number): Promise<void> {
    if (!isAllowed(actor, 'tickets.reply')) throw new Forbidden('auth.forbidden', { permission: 'tickets.reply' });
    const entry = await findOutboxEntry(this.desk.storage.read, outboxId);
    if (entry === undefined) throw new NotFound('outbox.not-found', { outboxId });
    await this.desk.storage.writeTx(async (tx) => {
      const now = this.desk.clock.now();
      // Whoever asks anew starts the schedule anew; what may have arrived already stays marked.
      const fresh = { state: 'queued', send_after: now, first_tried_at: null, deferrals: 0, updated_at: now } as const;
      const mayBeDoubled = entry.mayBeDoubled || entry.state === 'uncertain';
      if (!(await moveOutboxState(tx, outboxId, ['failed', 'uncertain'], { ...fresh, may_be_doubled: mayBeDoubled })))
        throw new Conflict('outbox.not-failed', { outboxId });
      await scheduleSending(this.desk, tx, entry, now);
      await this.desk.jobs.hasten(tx, sendingKey(outboxId));
      if (entry.ticketId !== null) tx.afterCommit(() => this.desk.live.announce([`ticket:${entry.ticketId}`]));
    });
  }

  /** A person knows that an uncertain mail arrived. @throws Conflict `outbox.not-uncertain`. */
  async confirm(actor: Actor, outboxId: number): Promise<void> {
    if (!isAllowed(actor, 'tickets.reply')) throw new Forbidden('auth.forbidden', { permission: 'tickets.reply' });
    const entry = await findOutboxEntry(this.desk.storage.read, outboxId);
    if (entry === undefined) throw new NotFound('outbox.not-found', { outboxId });
    const { ticketId, messageRef: messageId } = entry;
    await this.desk.storage.writeTx(async (tx) => {
      const now = this.desk.clock.now();
      if (!(await moveOutboxState(tx, outboxId, ['uncertain'], { state: 'sent', sent_at: now, error: null, updated_at: now })))
        throw new Conflict('outbox.not-uncertain', { outboxId });
      await this.desk.events.record(tx, 'mail.sent', {
        actor,
        ...(ticketId === null ? {} : { ticketId }),
        payload: { outboxId, ticketId, messageId, mayBeDoubled: entry.mayBeDoubled },
      });
    });
  }

  /** Signs in to the server a mailbox sends through. @throws Unavailable `mail.not-set-up`, `mail.connection-failed` with the server's words. */
  async testMailbox(mailboxId: number): Promise<void> {
    const mailbox = await findMailbox(this.desk.storage.read, mailboxId);
    const credentials = mailbox === undefined ? undefined : await this.mailboxCredentials(mailbox);
    if (credentials === undefined) throw new Unavailable('mail.not-set-up');
    await testTransport(credentials);
  }

  /** The server as it may be connected to today: what the operator allows is asked anew each time. */
  allowed(transport: Transport): Transport {
    const isAllowed = transport.isOperators === true || this.network.allowsPrivate(transport.host);
    return isAllowed ? { ...transport, isOperators: true } : transport;
  }

  private settingsOf(mailboxId: number | null): Promise<SettingValues> {
    const { settings } = this.desk;
    return mailboxId === null ? settings.get('tickets') : settings.get('tickets', { kind: 'mailbox', id: mailboxId });
  }

  private async mailboxCredentials(mailbox: Mailbox): Promise<Credentials | undefined> {
    if (mailbox.transport === null) return undefined;
    const transport = this.allowed(mailbox.transport);
    const token = await this.accessToken(mailbox.id, transport.host);
    if (token !== undefined) return { ...transport, user: transport.user ?? mailbox.address, accessToken: token };
    return { ...transport, password: await this.desk.secrets.get('mail', `mailbox:${mailbox.id}:smtp`) };
  }

  private async isSuppressed(tx: Tx, emailKey: string): Promise<boolean> {
    return (await tx('user_emails').where({ email_key: emailKey }).whereNotNull('suppressed_at').first('id')) !== undefined;
  }
}
