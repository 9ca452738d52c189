import type { Ticket } from '../tickets/index.ts';
import type { User } from '../users/index.ts';
import type { Mailbox } from './types.ts';

/** What signatures and mail templates may name as `{{name}}`. */
export const mailPlaceholders = [
  'customer.name',
  'customer.email',
  'ticket.number',
  'ticket.subject',
  'agent.name',
  'mailbox.name',
  'mailbox.address',
] as const;

/** What a mail is about; whoever is missing is a missing value. */
export interface MailSubjects {
  readonly ticket?: Pick<Ticket, 'number' | 'subject'> | undefined;
  readonly customer?: Pick<User, 'name' | 'email'> | undefined;
  readonly agent?: Pick<User, 'name'> | undefined;
  readonly mailbox?: Pick<Mailbox, 'name' | 'address'> | undefined;
}

/** The values of `mailPlaceholders` for one mail. */
export function mailValues({
  ticket,
  customer,
  agent,
  mailbox,
}: MailSubjects): Readonly<Record<(typeof mailPlaceholders)[number], string | undefined>> {
  return {
    'customer.name': customer?.name,
    'customer.email': customer?.email ?? undefined,
    'ticket.number': ticket === undefined ? undefined : String(ticket.number),
    'ticket.subject': ticket?.subject,
    'agent.name': agent?.name,
    'mailbox.name': mailbox?.name,
    'mailbox.address': mailbox?.address,
  };
}
