import { addressKey } from './addresses.ts';
import { headerValue } from './header.ts';
import type { ParsedMail } from './parsed-mail.ts';
import type { InboxContext } from './settings.ts';

/** Whether the address or its domain is on the list of blocked senders. */
export async function isBlocked(ctx: InboxContext, address: string | undefined): Promise<boolean> {
  if (address === undefined) return false;
  const { blockedSenders } = await ctx.settings.get();
  const key = addressKey(address);
  const domain = key.slice(key.lastIndexOf('@') + 1);
  return blockedSenders.some((entry) => {
    const blocked = entry.trim().toLowerCase().replace(/^@/, '');
    return blocked !== '' && (blocked === key || blocked === domain || domain.endsWith(`.${blocked}`));
  });
}

/** Whether a filter in front of the mailbox called the mail spam; asked only where its headers are trusted (mail.md X1). */
export async function isMarkedSpam(ctx: InboxContext, { headers }: ParsedMail): Promise<boolean> {
  const { trustSpamHeaders } = await ctx.settings.get();
  if (!trustSpamHeaders) return false;
  const is = (name: string, shape: RegExp): boolean => shape.test(headerValue(headers, name) ?? '');
  return (
    is('x-spam-flag', /^\s*yes/i) ||
    is('x-spam-status', /^\s*yes/i) ||
    is('x-rspamd-action', /^\s*(?:reject|add header)/i) ||
    is('x-forefront-antispam-report', /\bSFV:SPM\b/) ||
    is('x-ms-exchange-organization-scl', /^\s*[5-9]/)
  );
}
