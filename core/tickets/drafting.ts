import type { Desk } from '../desk.ts';
import { Conflict } from '../kernel/errors.ts';
import { cleanHtml, htmlToText } from '../html/index.ts';
import type { Timestamp } from '../kernel/clock.ts';
import type { Reader, Tx } from '../storage/index.ts';
import { userIdOf, type Actor } from '../users/index.ts';
import { lockTicket } from './tickets-repository.ts';
import { mayNote, mayReply, require } from './tickets-policy.ts';
import { seeTicket } from './visible-tickets.ts';

export interface DraftInput {
  readonly kind: 'reply' | 'note';
  readonly html?: string | undefined;
  readonly text?: string | undefined;
  /** What else the composer holds: `cc`, and `unquoted` when it is ticked. */
  readonly fields?: Readonly<Record<string, string>> | undefined;
  readonly files?: readonly number[] | undefined;
  /** What this browser saved last; another one's later save is not overwritten. */
  readonly version?: number | undefined;
}

/** The fields of a draft of a reply. */
export function draftFields(cc: string, isUnquoted: boolean): Readonly<Record<string, string>> {
  return { cc, ...(isUnquoted && { unquoted: '1' }) };
}

export interface Draft extends Required<Omit<DraftInput, 'version'>> {
  readonly id: number;
  readonly userId: number;
  readonly version: number;
  readonly updatedAt: number;
}

/**
 * One draft per person, ticket and kind; undefined where the same words were sent meanwhile.
 *
 * @throws Conflict `drafts.stale` when another window saved in between.
 */
export async function saveDraft(desk: Desk, actor: Actor, ticketId: number, input: DraftInput): Promise<Draft | undefined> {
  await seeTicket(desk, actor, ticketId);
  require(input.kind === 'note' ? mayNote(actor) : mayReply(actor), `tickets.${input.kind}`);
  const key = { ticket_id: ticketId, user_id: userIdOf(actor) ?? 0, kind: input.kind };
  const now = desk.clock.now();
  const row = {
    html: input.html === undefined ? '' : cleanHtml(input.html),
    text: input.text ?? '',
    fields: JSON.stringify(input.fields ?? {}),
    files: JSON.stringify(input.files ?? []),
    updated_at: now,
  };
  const isKept = await desk.storage.writeTx(async (tx) => {
    // A browser saves on leaving the field, which a click on Send does. Whatever sends holds this lock until it has removed the draft.
    await lockTicket(tx, ticketId);
    if (await wasJustSent(tx, key, row, now)) return false;
    const stored = await tx('drafts').where(key).first('id', 'version');
    if (stored === undefined) await tx('drafts').insert({ ...key, ...row, created_at: now });
    else if (input.version !== undefined && input.version !== stored.version)
      throw new Conflict('drafts.stale', { ticketId, version: stored.version });
    else
      await tx('drafts')
        .where({ id: stored.id })
        .update({ ...row, version: stored.version + 1 });
    return true;
  });
  if (!isKept) return undefined;
  const draft = (await draftsOf(desk.storage.read, ticketId)).find((one) => one.userId === key.user_id && one.kind === input.kind);
  if (draft === undefined) throw new Conflict('drafts.stale', { ticketId });
  return draft;
}

const justNowMs = 60_000;

interface DraftKey {
  readonly ticket_id: number;
  readonly user_id: number;
  readonly kind: string;
}

/** Whether the newest message of this person holds these words already. */
async function wasJustSent(
  tx: Tx,
  { ticket_id, user_id, kind }: DraftKey,
  { html, text }: { readonly html: string; readonly text: string },
  now: Timestamp,
): Promise<boolean> {
  const words = wordsIn(html === '' ? text : htmlToText(html));
  if (words === '') return false;
  const newest = await tx('messages')
    .where({ ticket_id, author_id: user_id, kind })
    .whereNull('deleted_at')
    .where('created_at', '>', now - justNowMs)
    .orderBy('id', 'desc')
    .first('text');
  return newest !== undefined && wordsIn(newest.text) === words;
}

function wordsIn(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

export async function discardDraft(desk: Desk, actor: Actor, ticketId: number, kind: 'reply' | 'note'): Promise<void> {
  await seeTicket(desk, actor, ticketId);
  await desk.storage.writeTx((tx) =>
    tx('drafts')
      .where({ ticket_id: ticketId, user_id: userIdOf(actor) ?? 0, kind })
      .delete(),
  );
}

/** Drafts of everybody: the team sees who is writing. */
export async function draftsOf(reader: Reader, ticketId: number): Promise<readonly Draft[]> {
  const rows = await reader('drafts').where({ ticket_id: ticketId }).orderBy('updated_at', 'desc');
  return rows.map((row) => ({
    id: row.id,
    userId: row.user_id,
    kind: row.kind,
    html: row.html,
    text: row.text,
    fields: JSON.parse(row.fields),
    files: JSON.parse(row.files),
    version: row.version,
    updatedAt: row.updated_at,
  }));
}
