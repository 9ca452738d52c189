import { findMail } from './mails-repository.ts';
import { parseWithin } from './mail-parser.ts';
import type { Arrival } from './arrival.ts';
import type { InboxContext } from './settings.ts';

// What mailing lists put below a mail.
const longestFooter = 1000;

/** Whether a copy says something else than the first one, beyond the footer of a list. */
export async function differsFrom(ctx: InboxContext, { stored, mail }: Arrival, firstId: number): Promise<boolean> {
  const first = await findMail(ctx, firstId);
  if (first === undefined || first.sha256 === stored.sha256) return false;
  const one = plain(mail.text);
  const other = plain((await parseWithin(ctx, await ctx.files.read(first.sha256))).text);
  const [short, long] = one.length < other.length ? [one, other] : [other, one];
  return !long.startsWith(short) || long.length - short.length > longestFooter;
}

function plain(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
