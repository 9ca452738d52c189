import { ownReason, type DeliveryNews, type ReportedMail } from '@helpdesk/core/plugin';
import type { BouncedRecipient } from './bounces.ts';
import type { Classification, MailKind } from './classifying.ts';
import { addressSecret } from './desk-identity.ts';
import { fileOnce, keyOf } from './duplicates.ts';
import { settleMail } from './mails-repository.ts';
import { threadCandidates } from './message-ids.ts';
import type { ParsedMail } from './parsed-mail.ts';
import type { Arrival } from './arrival.ts';
import type { InboxContext } from './settings.ts';
import { readToken, recipientAddresses } from './threading-ids.ts';

const reports: ReadonlySet<MailKind> = new Set(['bounce', 'delay', 'delivered', 'mdn', 'feedback']);

/** Whether a mail only tells what became of another one. */
export function isReport(kind: MailKind): boolean {
  return reports.has(kind);
}

/**
 * Files what servers and mail programs report about mail of ours (mail.md B1, L3 to L6): it is noted on the message it
 * concerns and never becomes one, once for all copies of the report. One that names no mail of this desk changes nothing.
 */
export async function fileReport(ctx: InboxContext, arrival: Arrival): Promise<void> {
  const { stored, mail, kind, mailbox } = arrival;
  const news = newsOf(kind);
  await fileOnce(ctx, arrival, await keyOf(ctx, arrival), async (tx) => {
    let reported: ReportedMail | undefined;
    for (const named of mailsNamed(ctx, mail, kind, mailbox.id)) {
      for (const one of news)
        reported = await ctx.mail.report(tx, { mail: named, ...one, reason: reportedReason(one.recipients, mail.subject) });
      if (reported !== undefined) break;
    }
    await settleMail(ctx, tx, stored, {
      state: reported === undefined ? 'ignored' : 'processed',
      kind: kind.kind,
      reason: reported === undefined ? ownReason('email-inbox.ignored.foreign-report') : kind.evidence,
      ticketId: reported?.ticketId ?? null,
    });
    if (reported !== undefined) await tell(ctx, tx, mailbox.id, reported);
  });
}

/** What names a sent mail, surest first: the return path made for it alone, then ids in what came back with the report. */
function mailsNamed(ctx: InboxContext, mail: ParsedMail, kind: Classification, mailboxId: number): readonly DeliveryNews['mail'][] {
  const returned = readToken(recipientAddresses(mail.headers), { kind: 'b', secret: addressSecret(ctx), mailboxId });
  const named = kind.report?.original?.messageId ?? kind.feedback?.messageId;
  const ids = [...(named === undefined ? [] : [named]), ...threadCandidates(mail.inReplyTo, mail.references)].slice(0, 20);
  return [
    ...(returned === undefined || returned === 'forged' ? [] : [{ outboxId: returned.id }]),
    ...ids.map((messageId) => ({ messageId })),
  ];
}

type News = Pick<DeliveryNews, 'kind' | 'recipients'>;

/** What a report tells, in one piece of news for each thing that happened; never empty. */
function newsOf({ kind, report, feedback }: Classification): readonly News[] {
  if (kind === 'mdn') return [{ kind: 'read', recipients: [] }];
  if (kind === 'feedback') return [{ kind: 'complaint', recipients: (feedback?.complainants ?? []).map((address) => ({ address })) }];
  const all = report?.recipients ?? [];
  if (kind === 'delivered') return [{ kind: 'delivered', recipients: told(all.filter(({ action }) => action === 'delivered')) }];
  const lost = all.filter(({ isPermanent }) => isPermanent);
  // A failure of class 4 passes: it is worth a notice, like a delay, and nobody's address is held to be bad.
  const late = all.filter(({ action, isPermanent }) => action !== 'delivered' && !isPermanent);
  const isLost = kind === 'bounce' && (lost.length > 0 || late.length === 0);
  return [
    ...(isLost ? [{ kind: 'failed', recipients: told(lost) } as const] : []),
    ...(!isLost || late.length > 0 ? [{ kind: 'delayed', recipients: told(late) } as const] : []),
  ];
}

function told(recipients: readonly BouncedRecipient[]): News['recipients'] {
  return recipients.map(({ address, finalAddress, status, diagnostic, isPermanent }) => ({
    address,
    ...(finalAddress === undefined ? {} : { finalAddress }),
    ...(status === undefined ? {} : { code: status }),
    ...(diagnostic === undefined ? {} : { reason: diagnostic }),
    isPermanent,
  }));
}

async function tell(
  ctx: InboxContext,
  tx: Parameters<typeof settleMail>[1],
  mailboxId: number,
  { ticketId, messageId }: { readonly ticketId: number | null; readonly messageId: number | null },
): Promise<void> {
  await ctx.events.record(tx, 'mail.received', { ...(ticketId === null ? {} : { ticketId }), payload: { mailboxId, ticketId, messageId } });
}

function reportedReason(recipients: DeliveryNews['recipients'], subject: string): string {
  const told = recipients.slice(0, 5).map(({ address, code, reason }) => [address, code, reason].filter(Boolean).join(' '));
  return told.length === 0 ? subject : told.join('; ');
}
