import { readAddresses } from './addresses.ts';
import { bounceWording, envelopeInText, machineSender, recipientsInText, returnedHeaders } from './bounce-text.ts';
import { decodeWords, headerValue, headerValues, type MailHeader } from './header.ts';
import { readMessageIds } from './message-ids.ts';
import type { ParsedMail } from './parsed-mail.ts';
import { readServiceNotice } from './service-notices.ts';

/** What became of one recipient. `status` is the enhanced code (RFC 3463); `isPermanent` means failed with class 5. */
export interface BouncedRecipient {
  readonly address: string;
  /** The address after forwarding, when the report names another one than the sender used. */
  readonly finalAddress: string | undefined;
  readonly action: 'failed' | 'delayed' | 'delivered';
  readonly status: string | undefined;
  readonly diagnostic: string | undefined;
  readonly isPermanent: boolean;
}

/** The mail that was returned, as far as the report carries it; ids have no brackets. */
export interface ReturnedMail {
  readonly messageId: string | undefined;
  readonly sender: string | undefined;
  readonly subject: string | undefined;
  readonly to: readonly string[];
  readonly headers: readonly MailHeader[];
}

/** A delivery report: `dsn` when it is machine-readable (RFC 3464), `text` when it was read from its words. */
export interface DeliveryReport {
  readonly kind: 'bounce' | 'delay' | 'delivered';
  readonly source: 'dsn' | 'text' | 'service';
  readonly recipients: readonly BouncedRecipient[];
  readonly original: ReturnedMail | undefined;
}

const maxRecipients = 100;

/** Reads a delivery report in any of its forms, or undefined when the mail is none (mail.md L3, L6, B1). */
export function readDeliveryReport(mail: ParsedMail): DeliveryReport | undefined {
  const service = readServiceNotice(mail);
  if (service)
    return service.kind === 'feedback'
      ? undefined
      : { kind: service.kind, source: 'service', recipients: service.recipients, original: service.original };

  if (isDsn(mail)) return readDsn(mail);
  const wording = bounceWording(mail);
  const report = wording === undefined ? undefined : readTextBounce(mail, wording);
  // What names neither a mail nor an address would be filed nowhere; as a ticket somebody sees it.
  return report && (report.recipients.length > 0 || report.original?.messageId !== undefined) ? report : undefined;
}

function isDsn(mail: ParsedMail): boolean {
  const hasStatus = mail.reports.some(({ contentType }) => contentType === 'message/delivery-status');
  if (mail.contentType === 'multipart/report') return hasStatus || mail.reportType === 'delivery-status';
  // Some servers put the part into another multipart; a person who passes a report on does too.
  return hasStatus && machineSender(mail) !== undefined;
}

function readDsn(mail: ParsedMail): DeliveryReport {
  const groups = mail.reports.filter(({ contentType }) => contentType === 'message/delivery-status').flatMap((report) => report.groups);
  const original = returnedMail(mail);
  const saysDelay = bounceWording(mail) === 'delay';
  const stated = groups.map((group) => readGroup(group, saysDelay)).filter((recipient) => recipient !== undefined);
  const recipients = stated.length > 0 ? stated : textRecipients(mail, original, saysDelay ? 'delay' : 'bounce');
  return { kind: kindOf(recipients, saysDelay), source: 'dsn', recipients: recipients.slice(0, maxRecipients), original };
}

function readGroup(group: readonly MailHeader[], saysDelay: boolean): BouncedRecipient | undefined {
  const original = typedAddress(headerValue(group, 'original-recipient'));
  const final = typedAddress(headerValue(group, 'final-recipient')) ?? typedAddress(headerValue(group, 'x-actual-recipient'));
  const address = original ?? final;
  if (address === undefined) return undefined;
  const status = /[245]\.\d{1,3}\.\d{1,3}/.exec(headerValue(group, 'status') ?? '')?.[0];
  const action = readAction(headerValue(group, 'action'), status, saysDelay);
  const diagnostic = headerValue(group, 'diagnostic-code')?.slice(0, 2000);
  return {
    address,
    finalAddress: final !== undefined && final.toLowerCase() !== address.toLowerCase() ? final : undefined,
    action,
    status,
    diagnostic,
    isPermanent: action === 'failed' && (status ?? /\b[45]\d\d\b/.exec(diagnostic ?? '')?.[0] ?? '5').startsWith('5'),
  };
}

/** Reads `rfc822; user@host`; servers also write brackets, the bare address, or `rfc822;<user@host>`. */
function typedAddress(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const semicolon = value.indexOf(';');
  const text = (semicolon < 0 ? value : value.slice(semicolon + 1)).trim();
  return readAddresses(text.startsWith('<') ? text : text.replace(/\s.*$/, ''))[0]?.address.replace(/^[^@]{1,300}$/, '') || undefined;
}

function readAction(value: string | undefined, status: string | undefined, saysDelay: boolean): BouncedRecipient['action'] {
  const action = (value ?? '').trim().toLowerCase();
  if (/^(?:delivered|relayed|expanded)/.test(action)) return 'delivered';
  if (action.startsWith('delayed')) return 'delayed';
  if (action.startsWith('fail')) return 'failed';
  if (status?.startsWith('2') === true) return 'delivered';
  return saysDelay ? 'delayed' : 'failed';
}

function kindOf(recipients: readonly BouncedRecipient[], saysDelay: boolean): DeliveryReport['kind'] {
  if (recipients.some(({ action }) => action === 'failed')) return 'bounce';
  if (recipients.some(({ action }) => action === 'delayed')) return 'delay';
  if (recipients.length > 0) return 'delivered';
  return saysDelay ? 'delay' : 'bounce';
}

function readTextBounce(mail: ParsedMail, wording: 'bounce' | 'delay'): DeliveryReport {
  const original = returnedMail(mail);
  return { kind: wording, source: 'text', recipients: textRecipients(mail, original, wording).slice(0, maxRecipients), original };
}

function textRecipients(mail: ParsedMail, original: ReturnedMail | undefined, wording: 'bounce' | 'delay'): BouncedRecipient[] {
  return recipientsInText(mail, original?.to ?? []).map(({ address, status, diagnostic }) => ({
    address,
    finalAddress: undefined,
    action: wording === 'delay' ? 'delayed' : 'failed',
    status,
    diagnostic,
    isPermanent: wording === 'bounce' && !(status ?? diagnostic ?? '5').startsWith('4'),
  }));
}

function returnedMail(mail: ParsedMail): ReturnedMail | undefined {
  const nested = mail.nested.find(({ headers }) => headers.some(({ name }) => /^(?:from|to|subject|message-id)$/.test(name)));
  const headers = nested?.headers ?? returnedHeaders(mail) ?? [];
  const said = nested ? undefined : envelopeInText(mail);
  return {
    messageId: readMessageIds(headerValue(headers, 'message-id'))[0],
    sender:
      said?.sender ??
      readAddresses(headerValue(headers, 'from'))[0]?.address ??
      readAddresses(headerValue(headers, 'return-path'))[0]?.address ??
      onlyRecipient(mail),
    subject: headerValues(headers, 'subject').map(decodeWords)[0] ?? said?.subject,
    to: [
      ...headerValues(headers, 'to')
        .flatMap(readAddresses)
        .map(({ address }) => address),
      ...(said?.recipients ?? []),
    ],
    headers,
  };
}

/** A report goes back to whoever sent the mail. */
function onlyRecipient(mail: ParsedMail): string | undefined {
  return mail.to.length === 1 ? mail.to[0]?.address : undefined;
}
