import { htmlToText, isEmailAddress, isUniqueViolation, type JobHandler, type PluginTx } from '@helpdesk/core/plugin';
import { withoutForwardMark } from './agent-orders.ts';
import type { MailAddress } from './addresses.ts';
import { readForwarded } from './forwarding.ts';
import { parseWithin } from './mail-parser.ts';
import type { ParsedMail } from './parsed-mail.ts';
import type { InboxContext } from './settings.ts';
import { baseSubject, isForwarded } from './threading-ids.ts';

/** A customer's mail that an agent passed on: who wrote it, its text, and what the agent put above it. */
export interface Forward {
  readonly from: MailAddress;
  readonly subject: string;
  readonly text: string;
  readonly note: string;
}

/**
 * Reads the mail an agent forwarded (mail.md W1): one with a forward's subject or `@fwd` in its first line that holds the
 * header block of a mail, or carries the mail itself as message/rfc822. `unknown` is a forward that names no sender.
 *
 * @throws ParserStopped when the carried mail cannot be read within the limits.
 */
export async function forwardIn(ctx: InboxContext, mail: ParsedMail, text: string): Promise<Forward | 'unknown' | undefined> {
  const { text: rest, isMarked } = withoutForwardMark(text);
  const [attached] = mail.nested;
  if (!isMarked && !isForwarded(mail.subject)) return undefined;
  if (attached !== undefined) {
    const inner = await parseWithin(ctx, attached.raw);
    const [from] = inner.from;
    if (from !== undefined && isEmailAddress(from.address))
      return { from, subject: inner.subject, text: inner.text || htmlToText(inner.html ?? ''), note: rest.trim() };
  }
  const found = readForwarded(rest);
  if (found?.from === undefined || !isEmailAddress(found.from.address)) return 'unknown';
  return { from: found.from, subject: baseSubject(mail.subject), text: found.block, note: found.before };
}

/** Queues the agent's own words as a note; a job, since the ticket does not exist before the commit. */
export async function queueNote(
  ctx: InboxContext,
  tx: PluginTx,
  note: { readonly ticketId: number; readonly userId: number; readonly text: string; readonly mailId: number },
): Promise<void> {
  if (note.text.trim() !== '')
    await ctx.jobs.enqueue(tx, { name: 'note', payload: { ...note }, dedupeKey: `email-inbox.note:${note.mailId}` });
}

/** The job that writes such a note; run twice, the key of the message keeps it one. */
export function noteJob(ctx: InboxContext): JobHandler {
  return async ({ payload }) => {
    try {
      await ctx.tickets.reply(ctx.actor(Number(payload['userId'])), Number(payload['ticketId']), {
        kind: 'note',
        text: String(payload['text']),
        channel: 'email',
        externalKey: `email-note:${String(payload['mailId'])}`,
      });
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
    }
  };
}
