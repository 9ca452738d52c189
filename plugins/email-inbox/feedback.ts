import { readAddresses } from './addresses.ts';
import { headerValue, headerValues } from './header.ts';
import { readMessageIds } from './message-ids.ts';
import type { ParsedMail } from './parsed-mail.ts';
import { readServiceNotice } from './service-notices.ts';

/** A complaint about mail we sent (RFC 5965): who complained, as far as it says, and which mail it was about. */
export interface Feedback {
  readonly complainants: readonly string[];
  readonly messageId: string | undefined;
}

/** Reads an abuse report in ARF or in a sending service's JSON, or undefined when the mail is none (mail.md L5). */
export function readFeedback(mail: ParsedMail): Feedback | undefined {
  const notice = readServiceNotice(mail);
  if (notice)
    return notice.kind === 'feedback'
      ? { complainants: notice.recipients.map(({ address }) => address), messageId: notice.original?.messageId }
      : undefined;
  if (/^true$/i.test(headerValue(mail.headers, 'x-apple-unsubscribe') ?? ''))
    return { complainants: mail.from.map(({ address }) => address), messageId: undefined };
  const groups = mail.reports.filter(({ contentType }) => contentType === 'message/feedback-report').flatMap((report) => report.groups);
  if (groups.length === 0 && mail.reportType !== 'feedback-report' && !isHotmailReport(mail)) return undefined;

  const returned = mail.nested[0]?.headers ?? [];
  const stated = groups.flatMap((group) => ['original-rcpt-to', 'removal-recipient'].flatMap((name) => headerValues(group, name)));
  const fallback = [...headerValues(returned, 'x-hmxmroriginalrecipient'), ...headerValues(returned, 'to')];
  const complainants = (stated.length > 0 ? stated : fallback).flatMap(readAddresses).map(({ address }) => address);
  return { complainants: [...new Set(complainants)].slice(0, 100), messageId: readMessageIds(headerValue(returned, 'message-id'))[0] };
}

/** Microsoft's junk mail reporting sends the complaint as a plain forward with a header of its own. */
function isHotmailReport(mail: ParsedMail): boolean {
  return mail.nested.some(({ headers }) => headerValue(headers, 'x-hmxmroriginalrecipient') !== undefined);
}
