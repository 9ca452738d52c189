import type { Reader, Tx } from '../storage/index.ts';
import type { OutboxEntry } from './types.ts';

export type RecipientState = 'sent' | 'waiting' | 'failed' | 'delayed' | 'delivered';

/** What became of a mail for one of its recipients. */
export interface RecipientResult {
  readonly address: string;
  readonly state: RecipientState;
  /** Enhanced status (RFC 3463) or reply code. */
  readonly code?: string | undefined;
  readonly reason?: string | undefined;
}

interface RecipientRow {
  outbox_id: number;
  address_key: string;
  state: RecipientState;
  code: string | null;
  reason: string | null;
}

/** Whom the next try goes to. */
export function recipientsOf({ envelope }: OutboxEntry): readonly string[] {
  return envelope.only ?? [...envelope.to, ...envelope.cc].map(({ email }) => email);
}

export async function recordRecipients(tx: Tx, outboxId: number, results: readonly RecipientResult[], now: number): Promise<void> {
  for (const { address, state, code, reason } of results) {
    const row = { state, code: code?.slice(0, 20) ?? null, reason: reason ?? null, updated_at: now };
    await tx('outbox_recipients')
      .insert({ outbox_id: outboxId, address_key: address.toLowerCase(), ...row })
      .onConflict(['outbox_id', 'address_key'])
      .merge(row);
  }
}

export async function failedRecipients(reader: Reader, outboxId: number): Promise<readonly RecipientResult[]> {
  return (await recipientsOfMails(reader, [outboxId])).get(outboxId)?.filter(({ state }) => state === 'failed') ?? [];
}

/** What is known of the recipients of mails, by outbox id. */
export async function recipientsOfMails(
  reader: Reader,
  outboxIds: readonly number[],
): Promise<ReadonlyMap<number, readonly RecipientResult[]>> {
  const found = new Map<number, RecipientResult[]>();
  if (outboxIds.length === 0) return found;
  const rows: RecipientRow[] = await reader('outbox_recipients').whereIn('outbox_id', outboxIds).orderBy('address_key');
  for (const row of rows) {
    const { outbox_id: id, address_key: address, state, code, reason } = row;
    const result = { address, state, ...(code === null ? {} : { code }), ...(reason === null ? {} : { reason }) };
    found.set(id, [...(found.get(id) ?? []), result]);
  }
  return found;
}
