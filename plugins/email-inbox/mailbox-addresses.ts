import type { Mailbox } from '@helpdesk/core/plugin';
import { addressKey } from './addresses.ts';

/** The address without what stands after a plus: `help+x@desk.example` is `help@desk.example`. */
export function withoutDetail(address: string): string {
  return address.replace(/\+[^@]*@/, '@');
}

/** Domains of which a mailbox takes every address, from aliases such as `*@example.com`. */
export function wholeDomains(mailboxes: readonly Mailbox[]): ReadonlySet<string> {
  return new Set(mailboxes.flatMap(({ aliases }) => aliases.filter((alias) => alias.startsWith('*@')).map((alias) => alias.slice(2))));
}

/** Under which of its addresses a mailbox was written to: the first that is its own or an alias, else its own. */
export function addressOf({ address, aliases }: Mailbox, recipients: readonly string[]): string {
  const own = new Set([address, ...aliases].map(addressKey));
  return (
    recipients
      .map(addressKey)
      .map((key) => (own.has(key) ? key : withoutDetail(key)))
      .find((key) => own.has(key)) ?? address
  );
}

/** The mailbox an address belongs to: by the very address, else without its plus part, else by its domain (mail.md D3). */
export function mailboxFor(mailboxes: readonly Mailbox[], address: string): Mailbox | undefined {
  const key = addressKey(address);
  const domain = key.slice(key.lastIndexOf('@') + 1);
  const owns = (wanted: string) =>
    mailboxes.find((mailbox) => [mailbox.address, ...mailbox.aliases].some((one) => addressKey(one) === wanted));
  return owns(key) ?? owns(withoutDetail(key)) ?? owns(`*@${domain}`);
}
