import { addressKey } from './addresses.ts';
import { headerValue, headerValues, readHeaders, type MailHeader } from './header.ts';
import type { ParsedMail } from './parsed-mail.ts';

const scanned = 30_000;

const daemon = /^(?:mailer[-_.]?daemon|mail[-_.]?daemon|mdaemon|mmdf|uucp)(?:$|[>+@-])/i;
// Mail systems write from these addresses, and so do the people behind them.
const mailSystem = /^(?:post[-_.]?master|mail-?delivery|bounces?)(?:$|[>+@-])/i;

const failureSubject =
  /^(?:\[[^\]]{1,30}\]\s*)?(?:re:\s*)?(?:undeliver(?:able|ed)|un?zustellbar|returned mail|return(?:ed)? (?:to|message)|mail (?:delivery )?(?:failed|failure|error)|mail(?:er)? system error|delivery (?:status )?(?:notification|report|failure|has failed|failed)|failed? (?:mail|delivery|to deliver)|failure (?:notice|delivery)|message (?:could not|undeliverable|not delivered)|non[- ]?delivery|nondeliverable|could not (?:be delivered|deliver)|error sending|there was an error sending|mensaje no entregado|no se (?:ha )?pudo entregar|non remis|échec|rejet[ée]|warning: (?:could not send|message)|user unknown|there is no such|bounced? mail|mail could not|your message (?:could|was) not|e-?mail (?:could not|undeliverable)|loop alert|you \S+ are not member)/i;
const delaySubject = /\bdelay(?:ed)?\b|\bstill trying|^warning\b|verzögert|not yet (?:been )?delivered|\bwarnung\b/i;

const failureBody: readonly RegExp[] = [
  /this is the qmail-send program/i,
  /created automatically by (?:the )?mail (?:delivery|relay)/i,
  /(?:could ?n.t|could ?not|cannot|can ?not|was ?n.t able to|unable to|wasn't|were|was|not) (?:be |have been |been )?(?:deliver|reach|sent)/i,
  /did not reach the following/i,
  /(?:deliver(?:y|ing)|trying to deliver)[^.\n]{0,80}(?:fail|error|unsuccessful|rejected|refused|impossible)/i,
  /(?:error|trouble|problem)s?[^.\n]{0,40}deliver/i,
  /had (?:permanent fatal|delivery|transient)[^.\n]{0,30}errors/i,
  /permanent (?:fatal )?(?:error|failure)|fatal errors/i,
  /undeliver(?:able|ed)|not listed in|returned (?:to sender|mail|message)|failure reasons/i,
  /^\s{0,8}(?:4\d\d|5\d\d)[ -]/m,
  /<<< [45]\d\d/,
  /(?:no such|unknown|invalid|nonexistent|inactive|disabled)\s(?:local )?(?:user|recipient|address|mailbox|account)|user unknown/i,
  /recipients?(?:'s|’s)? mailbox (?:is full|exceeded)|mailbox (?:is )?full|quota exceeded|over quota|mailfolder is full/i,
  /incorrectly constructed|not a member of this mailing list|duplicated message-id/i,
  /送信できません|配信できません|送信に失敗|配送できません|届けられません|エラー|unzustellbar|nicht zugestellt|no se pudo entregar|n'a pas pu être|ne peut/i,
];
const delayBody =
  /\bstill trying|will (?:be retried|continue (?:to try|trying)|keep trying|retry)|not yet been delivered|has been delayed|delivery is delayed|temporary error has|warning message only|do not need to resend|don.t need to resend/i;

/** Whether a program sent a mail: no person's is `certain`, and `possible` needs more to go with it. */
export function machineSender(mail: ParsedMail): 'certain' | 'possible' | undefined {
  const path = headerValue(mail.headers, 'return-path')?.trim();
  const isNullPath = path !== undefined && /^<\s*>$/.test(path);
  const isCertain =
    daemon.test(fromOf(mail)) ||
    daemon.test((path ?? '').replace('<', '')) ||
    /<\s*>$/.test(headerValue(mail.headers, 'from') ?? '') ||
    (isNullPath && mailSystem.test(fromOf(mail))) ||
    headerValue(mail.headers, 'x-failed-recipients') !== undefined ||
    isFromListServer(mail);
  if (isCertain) return 'certain';
  return isNullPath || (path === undefined && mailSystem.test(fromOf(mail))) ? 'possible' : undefined;
}

/** The address in From, also one without a domain. */
function fromOf(mail: ParsedMail): string {
  const written = headerValue(mail.headers, 'from') ?? '';
  return mail.from[0]?.address ?? written.slice(written.indexOf('<') + 1);
}

/** The list server fml puts its name into the ids of what it writes itself; members' mail keeps its own. */
function isFromListServer(mail: ParsedMail): boolean {
  return headerValue(mail.headers, 'x-mlserver') !== undefined && /^\d{8,14}\.FML/.test(mail.messageId ?? '');
}

const serverReply = /^\s{0,8}(?:421|45\d|50[1-4]|55\d)[ -]|<<< [45]\d\d|\b[45]\.\d\.\d{1,3}\b/m;

/**
 * Whether a mail without a machine-readable report reads like one from a mail system (mail.md L6). People complain of failed
 * and delayed deliveries in the same words, so a program must have sent it; one that is only possible must say it in its
 * subject or write from a mail system's address, and quote a server's reply or bring the mail back.
 */
export function bounceWording(mail: ParsedMail): 'bounce' | 'delay' | undefined {
  const sender = machineSender(mail);
  if (sender === undefined) return undefined;
  const opening = mail.text.slice(0, scanned);
  const inSubject = failureSubject.test(mail.subject);
  const saysDelay = delayBody.test(opening);
  const isDelay = delaySubject.test(mail.subject) || (saysDelay && !/permanent|given up|giving up/i.test(opening));
  const hasWording =
    inSubject ||
    failureBody.some((wording) => wording.test(opening)) ||
    (isDelay ? saysDelay : headerValue(mail.headers, 'x-failed-recipients') !== undefined);
  const isBacked =
    (inSubject || mailSystem.test(fromOf(mail))) &&
    (serverReply.test(opening) || mail.nested.length > 0 || returnedHeaders(mail) !== undefined);
  if (!hasWording || !(sender === 'certain' || isBacked)) return undefined;
  return isDelay ? 'delay' : 'bounce';
}

const copyMarker =
  /^[ \t>]*(?:-{2,}[^\n]{0,30}(?:copy|original|returned|below this line|included|header|message)[^\n]{0,90}|below this line is a copy[^\n]{0,60}|included is a copy[^\n]{0,60}|the (?:original message|header of the original)[^\n]{0,60}|original mail as follows:?|message details:|.{0,20}original mail info.{0,20})[ \t]*$/im;
const headerLine =
  /^[ \t]{0,8}(received|return-path|from|to|subject|message-id|date|mime-version|content-type|reply-to|cc|x-[\w-]{1,40}|delivered-to|envelope-to)[ \t]?:/i;
const anyField = /^[ \t]{0,8}[A-Za-z][\w-]{0,40}(?: [A-Za-z]{1,20})?[ \t]?:(?:\s|$)/;
const tellingLine = /^[ \t]{0,8}(?:from|to|subject|message-id|date)[ \t]?:/i;

/** The header of the returned mail where it stands in the text or in an attached text file, or undefined. */
export function returnedHeaders(mail: ParsedMail): readonly MailHeader[] | undefined {
  const texts = [
    mail.text.slice(0, scanned * 4),
    ...mail.attachments
      .filter(({ contentType }) => /^text\/|octet-stream/.test(contentType))
      .map(({ content }) => Buffer.from(content.subarray(0, scanned)).toString('utf8')),
  ];
  for (const text of texts) {
    const block = headerBlock(text.split(/\r?\n/));
    if (block) return block;
  }
  return undefined;
}

/** The first run of lines that holds at least two telling header fields. */
function headerBlock(lines: readonly string[]): MailHeader[] | undefined {
  for (let start = 0; start < lines.length; start += 1) {
    if (!headerLine.test(lines[start] ?? '')) continue;
    let end = start;
    while (end < lines.length && (lines[end] ?? '').trim() !== '') end += 1;
    const block = lines.slice(start, end);
    if (block.filter((line) => tellingLine.test(line)).length >= 2) {
      const indent = /^[ \t]*/.exec(lines[start] ?? '')?.[0].length ?? 0;
      const fields = block.map((line) =>
        headerLine.test(line) || anyField.test(line)
          ? line.slice(Math.min(indent, line.length - line.trimStart().length))
          : ` ${line.trim()}`,
      );
      return readHeaders(Buffer.from(fields.join('\n'), 'utf8'));
    }
    start = end;
  }
  return undefined;
}

/** The words of the report, without the mail it returns. */
function reportText(text: string): string {
  const opening = text.slice(0, scanned);
  const marker = copyMarker.exec(opening);
  const until = marker && marker.index > 0 ? opening.slice(0, marker.index) : opening;
  const lines = until.split(/\r?\n/);
  const start = lines.findIndex(
    (line, index) => tellingLine.test(line) && lines.slice(index, index + 8).filter((other) => tellingLine.test(other)).length >= 3,
  );
  return (start > 0 ? lines.slice(0, start) : lines).join('\n');
}

const addressPart = String.raw`[^\s<>()"',;:\[\]]{1,100}@[^\s<>()"',;:\[\]]{1,200}`;
// From the surest sign of a failed recipient to the weakest; the first that finds any address wins.
const signs: readonly RegExp[] = [
  new RegExp(`(?:final|original)-recipient:\\s{0,20}(?:[\\w-]{1,20};\\s{0,5})?<?(${addressPart})>?`, 'gi'),
  new RegExp(`^[ \\t]*(?:-\\s)?["'<(]{0,2}(${addressPart})[">')]{0,2}[ \\t]*(?::|$|\\.\\.\\.|[[(]|on [A-Z][a-z]{2},)`, 'gim'),
  new RegExp(`(?:rcpt to:\\s{0,5}<|^[45]\\d\\d[ -]<)(${addressPart})>`, 'gim'),
  new RegExp(`undeliverable to[ \\t]+<?(${addressPart})`, 'gi'),
  new RegExp(
    `(?:recipients?|address(?:\\(es\\)|es)?|users?|to|account|mailbox|returned permanent errors)[^@\\n]{0,60}?[:( <]+<?(${addressPart})`,
    'gi',
  ),
  new RegExp(`(?:^|\\s)[45]\\d\\d[ -][^@\\n]{0,80}?<?(${addressPart})`, 'gim'),
  new RegExp(`<?(${addressPart})>?`, 'gi'),
];

/** What a report says about the returned mail's envelope and subject outside of any header block. */
export function envelopeInText(mail: ParsedMail): {
  readonly sender: string | undefined;
  readonly subject: string | undefined;
  readonly recipients: readonly string[];
} {
  const text = mail.text.slice(0, scanned);
  const sender = new RegExp(`^\\s{0,8}mail from:\\s{0,5}<?(${addressPart})`, 'im').exec(text)?.[1];
  const recipients = [...text.matchAll(new RegExp(`^\\s{0,8}rcpt to:\\s{0,5}<?(${addressPart})`, 'gim'))].map((match) => match[1] ?? '');
  return { sender, subject: /^[ \t]{1,8}subject:[ \t]{0,5}(\S.{0,500})$/im.exec(text)?.[1], recipients: unique(recipients) };
}

export interface TextRecipient {
  readonly address: string;
  readonly status: string | undefined;
  readonly diagnostic: string | undefined;
}

/** The failed recipients named in a report's words, else the recipients of the returned mail. */
export function recipientsInText(mail: ParsedMail, returnedTo: readonly string[]): TextRecipient[] {
  const text = `${mail.subject.includes('@') ? `${mail.subject}\n` : ''}${reportText(mail.text)}`;
  const status = /\b[45]\.\d{1,2}\.\d{1,3}\b/.exec(text)?.[0];
  const diagnostic = /\b[45]\d\d[ -][^\n]{3,400}/.exec(text)?.[0];
  const named = headerValues(mail.headers, 'x-failed-recipients')
    .flatMap((value) => value.split(','))
    .map((address) => address.trim())
    .filter((address) => address.includes('@'));
  const addresses = named.length > 0 ? named : addressesInText(text, mail, returnedTo);
  return addresses.map((address) => ({ address, status, diagnostic }));
}

function addressesInText(text: string, mail: ParsedMail, returnedTo: readonly string[]): string[] {
  const outsiders = new Set([...mail.to, ...mail.from].map(({ address }) => addressKey(address)));
  for (const sign of signs) {
    const found = unique([...text.matchAll(sign)].slice(0, 200).map((match) => (match[1] ?? '').replace(/[.>]+$/, '')));
    const others = found.filter((address) => !outsiders.has(addressKey(address)) && !daemon.test(address) && !mailSystem.test(address));
    if (others.length > 0) return others;
  }
  return unique(returnedTo);
}

function unique(addresses: readonly string[]): string[] {
  return [...new Map(addresses.map((address) => [addressKey(address), address])).values()];
}
