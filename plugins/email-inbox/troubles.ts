import type { Mailbox, SendingHealth } from '@helpdesk/core/plugin';
import { statusOf } from './health.ts';
import { listReceivers } from './receivers-repository.ts';
import type { InboxContext } from './settings.ts';

/** What a person has to look after; `site` is mail of the desk that belongs to no mailbox, such as sign-in links. */
export interface Trouble {
  readonly kind: 'receiving' | 'sending' | 'site' | 'quarantine';
  readonly mailbox: Mailbox | undefined;
  readonly error: string;
}

const dayMs = 86_400_000;

/** Where nothing was fetched or sent for longer than the configured time; what is paused or switched off is meant to be still. */
export async function findOutages(ctx: InboxContext): Promise<readonly Trouble[]> {
  const { alertMinutes } = await ctx.settings.get();
  const [mailboxes, receivers, site] = await Promise.all([ctx.mail.mailboxes(), listReceivers(ctx), ctx.mail.deskSendingHealth()]);
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
  const ofSite: readonly Trouble[] = isStuck(site, now, alertMs) ? [{ mailbox: undefined, kind: 'site', error: site.lastError ?? '' }] : [];
  return [...(await Promise.all(looked)).flat(), ...ofSite];
}

function isStuck({ oldestQueuedAt, lastSentAt }: SendingHealth, now: number, alertMs: number): boolean {
  return oldestQueuedAt !== null && now - oldestQueuedAt > alertMs && now - (lastSentAt ?? 0) > alertMs;
}

/** Mailboxes of which a mail came into quarantine within a day. One may stay there for ever, so after a day it is no news. */
export async function findUnfiled(ctx: InboxContext): Promise<readonly Trouble[]> {
  const [mailboxes, rows] = await Promise.all([
    ctx.mail.mailboxes(),
    ctx.db
      .table('mails')
      .where({ state: 'failed' })
      .where('updated_at', '>', ctx.clock.now() - dayMs)
      .groupBy('mailbox_id')
      .select('mailbox_id')
      .max({ reason: 'reason' }) as Promise<readonly { mailbox_id: number; reason: string | null }[]>,
  ]);
  return mailboxes.flatMap((mailbox): readonly Trouble[] => {
    const found = rows.find(({ mailbox_id: id }) => id === mailbox.id);
    return found === undefined ? [] : [{ mailbox, kind: 'quarantine', error: found.reason ?? '' }];
  });
}

/** Outages above every page of those who can do something about them. */
export function troubleNotice(ctx: InboxContext) {
  // Every page asks, and an outage lasts minutes.
  let cached: { readonly at: number; readonly value: Promise<readonly Trouble[]> } | undefined;
  const known = (): Promise<readonly Trouble[]> => {
    if (cached === undefined || performance.now() - cached.at > 10_000) cached = { at: performance.now(), value: findOutages(ctx) };
    return cached.value;
  };
  return {
    template: 'email-inbox/trouble',
    permission: 'settings.manage',
    async load(): Promise<object> {
      const troubles = await known();
      return {
        troubles: troubles.map(({ mailbox, kind }) => ({ key: `email-inbox.trouble.${kind}`, address: mailbox?.address ?? '' })),
        href: '/admin/p/email-inbox',
      };
    },
  };
}
