import { addressKey } from './addresses.ts';
import type { Arrival } from './arrival.ts';
import { headerValue } from './header.ts';
import type { ParsedMail } from './parsed-mail.ts';
import { settingsOf, type InboxContext } from './settings.ts';

/** What makes a mail spam: a list that somebody wrote, or a mark of a filter. */
export type SpamEvidence = 'listed' | 'marked';

/**
 * Whether a mail is spam: by the lists of a mailbox, then those of the site, then the filter in front of the mailbox where its
 * headers are believed (mail.md X1). An allowed sender is never spam, and a mailbox's own lists go before those of the site.
 * The mailbox that a mail came in by is asked before the one that its sender named.
 */
export async function spamEvidence(ctx: InboxContext, { mail, mailbox, stored, author }: Arrival): Promise<SpamEvidence | undefined> {
  const reached = await settingsOf(ctx, { id: stored.mailboxId });
  const named = mailbox.id === stored.mailboxId ? reached : await settingsOf(ctx, mailbox);
  const verdict = author === undefined ? undefined : (judge(reached, author.address) ?? judge(named, author.address));
  if (verdict !== undefined) return verdict === 'allowed' ? undefined : 'listed';
  return reached.trustSpamHeaders && isMarkedSpam(mail) ? 'marked' : undefined;
}

function judge(settings: Awaited<ReturnType<typeof settingsOf>>, author: string): 'allowed' | 'listed' | undefined {
  if (isListed(settings.mailboxAllowed, author)) return 'allowed';
  if (isListed(settings.mailboxBlocked, author)) return 'listed';
  if (isListed(settings.allowedSenders, author)) return 'allowed';
  return isListed(settings.blockedSenders, author) ? 'listed' : undefined;
}

/** Whether the address, its domain or a domain above it is on the list. */
function isListed(entries: readonly string[], address: string): boolean {
  const key = addressKey(address);
  const domain = key.slice(key.lastIndexOf('@') + 1);
  return entries.some((entry) => {
    const listed = entry.trim().toLowerCase().replace(/^@/, '');
    return listed !== '' && (listed === key || listed === domain || domain.endsWith(`.${listed}`));
  });
}

function isMarkedSpam({ headers }: ParsedMail): boolean {
  const is = (name: string, shape: RegExp): boolean => shape.test(headerValue(headers, name) ?? '');
  return (
    is('x-spam-flag', /^\s*yes/i) ||
    is('x-spam-status', /^\s*yes/i) ||
    is('x-rspamd-action', /^\s*(?:reject|add header)/i) ||
    is('x-forefront-antispam-report', /\bSFV:SPM\b/) ||
    is('x-ms-exchange-organization-scl', /^\s*[5-9]/)
  );
}
