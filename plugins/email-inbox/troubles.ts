import { composeNotice, reasonInWords, type Mailbox, type SendingHealth, type User } from '@helpdesk/core/plugin';
import { statusOf } from './health.ts';
import { listReceivers } from './receivers-repository.ts';
import type { InboxContext } from './settings.ts';

/** A mailbox that has fetched or sent nothing for longer than the configured time. */
export interface Trouble {
  readonly mailbox: Mailbox;
  readonly kind: 'receiving' | 'sending';
  readonly error: string;
}

/** Every mailbox in trouble; paused ones and those that are switched off are meant to be still. */
export async function findTroubles(ctx: InboxContext): Promise<readonly Trouble[]> {
  const { alertMinutes } = await ctx.settings.get();
  const [mailboxes, receivers] = await Promise.all([ctx.mail.mailboxes(), listReceivers(ctx)]);
  const now = ctx.clock.now();
  const alertMs = alertMinutes * 60_000;
  const looked = mailboxes
    .filter(({ isActive }) => isActive)
    .map(async (mailbox): Promise<readonly Trouble[]> => {
      const receiver = receivers.find(({ mailboxId }) => mailboxId === mailbox.id);
      const isDeaf = receiver !== undefined && receiver.state !== 'paused' && statusOf(receiver, now, alertMs) === 'bad';
      if (isDeaf) return [{ mailbox, kind: 'receiving', error: receiver.lastError ?? '' }];
      const isMute = isStuck(await ctx.mail.sendingHealth(mailbox.id), now, alertMs);
      return isMute ? [{ mailbox, kind: 'sending', error: mailbox.lastError ?? '' }] : [];
    });
  return (await Promise.all(looked)).flat();
}

function isStuck({ oldestQueuedAt, lastSentAt }: SendingHealth, now: number, alertMs: number): boolean {
  return oldestQueuedAt !== null && now - oldestQueuedAt > alertMs && now - (lastSentAt ?? 0) > alertMs;
}

/**
 * The job that tells administrators of a mailbox in trouble by mail of another one: once for each outage, however long,
 * and again only after the mailbox had recovered.
 */
export async function alertAdministrators(ctx: InboxContext): Promise<void> {
  const told: number[] = await ctx.db.table('alerts').pluck('mailbox_id');
  const troubles = await findTroubles(ctx);
  const recovered = told.filter((id) => !troubles.some(({ mailbox }) => mailbox.id === id));
  const fresh = troubles.filter(({ mailbox }) => !told.includes(mailbox.id));
  if (recovered.length === 0 && fresh.length === 0) return;
  const [mailboxes, agents] = await Promise.all([ctx.mail.mailboxes(), ctx.users.agents()]);
  const healthy = mailboxes.find(
    ({ id, isActive, transport }) => isActive && transport !== null && !troubles.some(({ mailbox }) => mailbox.id === id),
  );
  const administrators = agents.filter(({ role }) => role.permissions.includes('*') || role.permissions.includes('settings.manage'));
  const site = await ctx.site();
  const now = ctx.clock.now();
  const sender = await ctx.mail.systemSender();
  await ctx.db.tx(async (tx) => {
    await tx.table('alerts').whereIn('mailbox_id', recovered).delete();
    for (const trouble of fresh) {
      // Several processes run this job's schedule once, but a lease can be lost: the row decides.
      const mine = await tx
        .table('alerts')
        .insert({ mailbox_id: trouble.mailbox.id, created_at: now })
        .onConflict('mailbox_id')
        .ignore()
        .returning('mailbox_id');
      if (mine.length === 0) continue;
      for (const person of administrators)
        if (person.email !== null)
          await ctx.mail.queueAutomatic(
            tx,
            {
              kind: 'notification',
              to: { name: person.name, email: person.email },
              mailbox: healthy,
              ...noticeOf(ctx, trouble, person, site.name),
            },
            sender,
          );
    }
  });
}

function noticeOf(ctx: InboxContext, { mailbox, kind, error }: Trouble, person: User, site: string) {
  const translator = ctx.i18n.translatorFor(person.locale);
  const { t, locale } = translator;
  return composeNotice({
    locale,
    subject: t(`email-inbox.trouble.${kind}.subject`, { address: mailbox.address }),
    body: [t(`email-inbox.trouble.${kind}`, { address: mailbox.address }), reasonInWords(translator, error)]
      .filter((line) => line !== '')
      .join('\n'),
    button: t('email-inbox.trouble.button'),
    url: new URL('/admin/p/email-inbox', ctx.url).href,
    footer: site,
  });
}

/** The same above every page of those who can do something about it. */
export function troubleNotice(ctx: InboxContext) {
  // Every page asks, and an outage lasts minutes.
  let cached: { readonly at: number; readonly value: Promise<readonly Trouble[]> } | undefined;
  const known = (): Promise<readonly Trouble[]> => {
    if (cached === undefined || performance.now() - cached.at > 10_000) cached = { at: performance.now(), value: findTroubles(ctx) };
    return cached.value;
  };
  return {
    template: 'email-inbox/trouble',
    permission: 'settings.manage',
    async load(): Promise<object> {
      const troubles = await known();
      return {
        troubles: troubles.map(({ mailbox, kind }) => ({ key: `email-inbox.trouble.${kind}`, address: mailbox.address })),
        href: '/admin/p/email-inbox',
      };
    },
  };
}
