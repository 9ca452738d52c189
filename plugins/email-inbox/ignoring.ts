import type { Arrival } from './arrival.ts';
import { describeMail, settleMail } from './mails-repository.ts';
import type { InboxContext } from './settings.ts';

/** Settles a mail that becomes no message; the mail page lists it with its reason, and from there it can be read again. */
export async function ignoreMail(ctx: InboxContext, { stored, kind, mail, finish }: Arrival, reason: string): Promise<void> {
  await ctx.db.tx(async (tx) => {
    await describeMail(tx, stored.id, mail);
    await settleMail(ctx, tx, stored, { state: 'ignored', kind: kind.kind, reason });
    await finish(tx);
  });
}
