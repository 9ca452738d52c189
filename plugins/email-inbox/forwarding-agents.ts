import { isEmailAddress, isUniqueViolation, type JobHandler, type PluginTx } from '@helpdesk/core/plugin';
import { readForwarded } from './forwarding.ts';
import type { MailAddress } from './addresses.ts';
import type { InboxContext } from './settings.ts';
import { isForwarded } from './threading-ids.ts';

/** A customer's mail that an agent passed on: who wrote it, its text, and what the agent put above it. */
export interface Forward {
  readonly from: MailAddress;
  readonly text: string;
  readonly note: string;
}

/** Reads the mail an agent forwarded, or undefined when it is none or names no sender (mail.md W1). */
export function forwardIn(subject: string, text: string): Forward | undefined {
  const found = isForwarded(subject) ? readForwarded(text) : undefined;
  if (found?.from === undefined || !isEmailAddress(found.from.address)) return undefined;
  return { from: found.from, text: found.block, note: found.before };
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
