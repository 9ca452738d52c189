import type { Desk } from '../desk.ts';
import type { Reader, Tx } from '../storage/index.ts';
import { systemActor } from '../users/index.ts';
import type { AutomaticMail } from './outbox.ts';

/** What ran out: the mails to one address, in one ticket or of the whole desk, the acknowledgements, or the new tickets of one sender. */
export type Budget = 'address-hour' | 'address-day' | 'ticket' | 'desk' | 'acknowledgement' | 'acknowledgement-day' | 'flood';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
// Many budgets that run out together are one event for an administrator; the rest is counted.
const alertsAnHour = 5;

interface Spent {
  readonly created_at: number;
  readonly kind: string;
  readonly mailbox_id: number;
}

/**
 * The loop budget that all mail which no person wrote shares, whichever plugin sends it: two machines that answer
 * each other end here, however they hide that they are machines. Notices to agents are outside of it. Returns
 * whether the mail may go, and books it.
 */
export async function spendBudget(desk: Desk, tx: Tx, mail: AutomaticMail): Promise<boolean> {
  const key = mail.to.email.toLowerCase();
  if (mail.kind === 'notification' && (await isAgents(tx, key))) return true;
  await lockAddress(desk, tx, key);
  const exhausted = await exhaustedBudget(desk, tx, mail, key);
  const now = desk.clock.now();
  const place = { mailbox_id: mail.mailbox?.id ?? 0, ticket_id: mail.ticketId ?? null };
  if (exhausted !== undefined) {
    await countHit(desk, tx, { key, budget: exhausted, mailboxId: place.mailbox_id, ticketId: place.ticket_id });
    return false;
  }
  await tx('mail_budget').insert({ address_key: key, kind: mail.kind, created_at: now, ...place });
  return true;
}

/** Whether a sender has opened so many tickets at once that a machine must be behind it; counted and told to the administrators once. */
export async function isFlooding(desk: Desk, tx: Tx, requester: { readonly id: number; readonly email: string | null }): Promise<boolean> {
  if (!(await hasFlooded(desk, tx, requester.id))) return false;
  await countHit(desk, tx, { key: requester.email?.toLowerCase() ?? '', budget: 'flood', mailboxId: 0, ticketId: null });
  return true;
}

/** The same question, asked without counting. */
export async function hasFlooded(desk: Desk, reader: Reader, requesterId: number): Promise<boolean> {
  const { floodTickets, floodMinutes } = await limitsOf(desk);
  const since = desk.clock.now() - floodMinutes * minuteMs;
  const recent = await reader('tickets')
    .where({ requester_id: requesterId })
    .where('last_message_at', '>=', since)
    .where('created_at', '>=', since)
    .limit(floodTickets + 1)
    .select('id');
  return recent.length > floodTickets;
}

/** How often mail was held back since a moment, that of one mailbox or all; what held back a second acknowledgement is not among it. */
export async function loopGuardHits(reader: Reader, since: number, mailboxId?: number): Promise<number> {
  const row = await reader('loop_guard_hits')
    .where('created_at', '>=', since)
    .whereNot({ budget: 'acknowledgement' })
    .where(mailboxId === undefined ? {} : { mailbox_id: mailboxId })
    .count({ hits: '*' })
    .first();
  return Number(row?.['hits'] ?? 0);
}

/** Forgets what no budget looks at any more. */
export async function sweepLoopGuard(desk: Desk): Promise<void> {
  const now = desk.clock.now();
  await desk.storage.writeTx(async (tx) => {
    await tx('mail_budget')
      .where('created_at', '<', now - 2 * dayMs)
      .delete();
    await tx('loop_guard_hits')
      .where('created_at', '<', now - 90 * dayMs)
      .delete();
  });
}

async function exhaustedBudget(desk: Desk, tx: Tx, mail: AutomaticMail, key: string): Promise<Budget | undefined> {
  const limits = await limitsOf(desk);
  const now = desk.clock.now();
  const toAddress: Spent[] = await tx('mail_budget')
    .where({ address_key: key })
    .where('created_at', '>', now - dayMs)
    .select('created_at', 'kind', 'mailbox_id');
  const since = (ms: number) => (one: Spent) => one.created_at > now - ms;
  if (mail.kind === 'acknowledgement') {
    if (mail.ticketId !== undefined && (await isAcknowledged(tx, mail.ticketId))) return 'acknowledgement';
    const own = toAddress.filter((one) => one.kind === 'acknowledgement' && one.mailbox_id === (mail.mailbox?.id ?? 0));
    if (own.length >= limits.acknowledgementsPerDay) return 'acknowledgement-day';
    if (own.some(since(limits.acknowledgementMinutes * minuteMs))) return 'acknowledgement';
  }
  if (toAddress.length >= limits.automaticPerDay) return 'address-day';
  if (toAddress.filter(since(hourMs)).length >= limits.automaticPerHour) return 'address-hour';
  if (mail.ticketId !== undefined && (await spentIn(tx, { ticket_id: mail.ticketId }, now - dayMs)) >= limits.automaticPerTicket)
    return 'ticket';
  return (await spentIn(tx, {}, now - hourMs)) >= limits.automaticPerDesk ? 'desk' : undefined;
}

async function isAcknowledged(tx: Tx, ticketId: number): Promise<boolean> {
  return (await tx('outbox').where({ ticket_id: ticketId, kind: 'acknowledgement' }).first('id')) !== undefined;
}

async function spentIn(tx: Tx, where: Readonly<Record<string, number>>, since: number): Promise<number> {
  const row = await tx('mail_budget').where(where).where('created_at', '>', since).count({ spent: '*' }).first();
  return Number(row?.['spent'] ?? 0);
}

async function isAgents(reader: Reader, key: string): Promise<boolean> {
  const agent = await reader('user_emails')
    .join('users', 'users.id', 'user_emails.user_id')
    .join('roles', 'roles.id', 'users.role_id')
    .where({ 'user_emails.email_key': key, 'roles.kind': 'agent' })
    .first('users.id');
  return agent !== undefined;
}

// Two transactions that count at once would both find room; SQLite has one writer anyway.
async function lockAddress(desk: Desk, tx: Tx, key: string): Promise<void> {
  if (desk.storage.dialect === 'postgres') await tx.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`mail-budget ${key}`]);
}

interface Hit {
  readonly key: string;
  readonly budget: Budget;
  readonly mailboxId: number;
  readonly ticketId: number | null;
}

/** Counts, and tells the administrators when a budget runs out that had not run out for a day. */
async function countHit(desk: Desk, tx: Tx, { key, budget, mailboxId, ticketId }: Hit): Promise<void> {
  const now = desk.clock.now();
  const hits = () => tx('loop_guard_hits');
  const isKnown =
    (await hits()
      .where({ address_key: key, budget })
      .where('created_at', '>', now - dayMs)
      .first('id')) !== undefined;
  await hits().insert({ address_key: key, budget, mailbox_id: mailboxId, ticket_id: ticketId, created_at: now });
  if (isKnown || budget === 'acknowledgement') return;
  const alerts: { payload: string }[] = await tx('events')
    .where({ name: 'mail.alert' })
    .where('occurred_at', '>', now - hourMs)
    .limit(alertsAnHour)
    .select('payload');
  if (alerts.length >= alertsAnHour) return;
  await desk.events.record(tx, 'mail.alert', {
    actor: systemActor,
    payload: { alert: budget === 'flood' ? 'flood' : 'loop-guard', address: key, mailboxId: mailboxId || null, userId: null },
  });
}

async function limitsOf(desk: Desk) {
  const mail = await desk.settings.get('mail');
  const number = (name: string): number => Number(mail[name]);
  return {
    automaticPerHour: number('automaticPerHour'),
    automaticPerDay: number('automaticPerDay'),
    automaticPerTicket: number('automaticPerTicket'),
    automaticPerDesk: number('automaticPerDesk'),
    acknowledgementMinutes: number('acknowledgementMinutes'),
    acknowledgementsPerDay: number('acknowledgementsPerDay'),
    floodTickets: number('floodTickets'),
    floodMinutes: number('floodMinutes'),
  };
}
