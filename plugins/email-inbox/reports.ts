import { addressKey } from './addresses.ts';
import type { BouncedRecipient } from './bounces.ts';
import type { MailKind } from './classifying.ts';
import { describeMail, settleMail } from './mails-repository.ts';
import { threadCandidates } from './message-ids.ts';
import type { Arrival } from './arrival.ts';
import type { InboxContext } from './settings.ts';

const reports: ReadonlySet<MailKind> = new Set(['bounce', 'delay', 'delivered', 'mdn', 'feedback']);

/** Whether a mail only tells what became of another one. */
export function isReport(kind: MailKind): boolean {
  return reports.has(kind);
}

const suppressAfter = 2;

/**
 * Files what servers and mail programs report about mail of ours (mail.md B1): it is noted on the message it
 * concerns and never becomes one. A report that names no mail of this desk changes nothing.
 */
export async function fileReport(ctx: InboxContext, arrival: Arrival): Promise<void> {
  const { kind, mail } = arrival;
  const named = kind.report?.original?.messageId ?? kind.feedback?.messageId;
  const ids = [...(named === undefined ? [] : [named]), ...threadCandidates(mail.inReplyTo, mail.references)].slice(0, 20);
  await (kind.kind === 'bounce' ? fileBounce(ctx, arrival, ids) : fileNotice(ctx, arrival, ids));
}

async function fileBounce(ctx: InboxContext, { stored, mail, kind, mailbox, finish }: Arrival, ids: readonly string[]): Promise<void> {
  const recipients = kind.report?.recipients.filter(({ action }) => action === 'failed') ?? [];
  await ctx.db.tx(async (tx) => {
    await describeMail(tx, stored.id, mail);
    for (const id of ids) {
      const failed = await ctx.mail.markFailed(tx, id, reasonOf(recipients, mail.subject));
      if (failed === undefined) continue;
      const sentTo = new Set(failed.recipients.map(addressKey));
      const permanent = recipients
        .filter(({ isPermanent }) => isPermanent)
        .flatMap(({ address, finalAddress }) => [address, ...(finalAddress === undefined ? [] : [finalAddress])]);
      for (const address of new Set(permanent.map(addressKey))) {
        // Only addresses this very mail went to: a report must not silence anybody else.
        if (sentTo.has(address) && (await ctx.users.countBounce(tx, address)) >= suppressAfter) await ctx.users.suppress(tx, address, true);
      }
      await settleMail(ctx, tx, stored, { state: 'processed', kind: 'bounce', ticketId: failed.ticketId });
      await tell(ctx, tx, mailbox.id, failed);
      await finish(tx);
      return;
    }
    await settleMail(ctx, tx, stored, { state: 'ignored', kind: 'bounce', reason: 'The report names no mail of this desk.' });
    await finish(tx);
  });
}

async function fileNotice(ctx: InboxContext, { stored, mail, kind, mailbox, finish }: Arrival, ids: readonly string[]): Promise<void> {
  const known = await ctx.tickets.byMailIds(ids);
  const hit = ids.map((id) => known.get(id)).find((one) => one?.direction === 'out');
  await ctx.db.tx(async (tx) => {
    await describeMail(tx, stored.id, mail);
    await settleMail(ctx, tx, stored, {
      state: hit === undefined ? 'ignored' : 'processed',
      kind: kind.kind,
      reason: kind.evidence,
      ticketId: hit?.ticketId ?? null,
    });
    if (hit !== undefined) await tell(ctx, tx, mailbox.id, hit);
    await finish(tx);
  });
}

async function tell(
  ctx: InboxContext,
  tx: Parameters<typeof settleMail>[1],
  mailboxId: number,
  { ticketId, messageId }: { readonly ticketId: number | null; readonly messageId: number | null },
): Promise<void> {
  await ctx.events.record(tx, 'mail.received', { ...(ticketId === null ? {} : { ticketId }), payload: { mailboxId, ticketId, messageId } });
}

function reasonOf(recipients: readonly BouncedRecipient[], subject: string): string {
  const told = recipients.slice(0, 5).map(({ address, status, diagnostic }) => [address, status, diagnostic].filter(Boolean).join(' '));
  return told.length === 0 ? subject : told.join('; ');
}
