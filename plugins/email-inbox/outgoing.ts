import type { OutgoingMail } from '@helpdesk/core/plugin';
import { addressSecret, loopHeader, loopValue } from './desk-identity.ts';
import { readMessageIds } from './message-ids.ts';
import { replyReferences } from './outgoing-headers.ts';
import { findReceiver } from './receivers-repository.ts';
import type { InboxContext } from './settings.ts';
import { signAddress } from './threading-ids.ts';

/** What the outbox says of a mail beside its content. */
export interface OutgoingFacts {
  readonly kind: string;
  readonly ticketId: number | null;
  readonly mailboxId: number | null;
}

/**
 * Marks a mail as ours and, where the mailbox does so, lets its answers find back: a signed reply address and
 * the ticket number in the subject (mail.md T1, T4, L16). References are kept to what relays accept.
 */
export async function shapeOutgoing(
  ctx: InboxContext,
  mail: OutgoingMail,
  { kind, ticketId, mailboxId }: OutgoingFacts,
): Promise<OutgoingMail> {
  const marked: OutgoingMail = { ...mail, headers: { ...withShortReferences(mail.headers), [loopHeader]: loopValue(ctx) } };
  if (ticketId === null || mailboxId === null || (kind !== 'reply' && kind !== 'acknowledgement')) return marked;
  const [receiver, mailbox, ticket] = await Promise.all([
    findReceiver(ctx, mailboxId),
    ctx.mail.mailbox(mailboxId),
    ctx.tickets.living(ticketId),
  ]);
  if (receiver === undefined || mailbox === undefined || ticket === undefined) return marked;
  const tag = `[#${ticket.number}]`;
  return {
    ...marked,
    ...(receiver.tagsSubjects && !mail.subject.includes(tag) ? { subject: `${mail.subject} ${tag}` } : {}),
    ...(receiver.signsAddresses
      ? {
          replyTo: {
            name: mailbox.name,
            email: signAddress(mailbox.address, ticket.id, { kind: 't', secret: addressSecret(ctx), mailboxId }),
          },
        }
      : {}),
  };
}

function withShortReferences(headers: OutgoingMail['headers']): OutgoingMail['headers'] {
  const { 'In-Reply-To': parent, References: references, ...others } = headers;
  if (parent === undefined) return headers;
  const parentId = readMessageIds(parent)[0];
  const ids = replyReferences(readMessageIds(references), parentId);
  if (parentId === undefined || !ids.includes(parentId)) return others;
  return { ...others, 'In-Reply-To': `<${parentId}>`, References: ids.map((id) => `<${id}>`).join(' ') };
}
