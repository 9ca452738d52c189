import { createHash } from 'node:crypto';
import { isAmbiguousFrom, readAddresses, type MailAddress } from './addresses.ts';
import { readMarks } from './body-marks.ts';
import { readDate } from './dates.ts';
import { decodeWords, headerValue, headerValues, readHeaders, readStructured, type MailHeader } from './header.ts';
import { readBody } from './mail-body.ts';
import { readMessageIds } from './message-ids.ts';
import { readMimeTree, type MimePart } from './mime-tree.ts';
import type { Anomaly, ParsedMail } from './parsed-mail.ts';
import { expandTnef } from './tnef.ts';

/** Why a mail could not be read at all; its raw bytes are kept and shown. */
export class Unreadable extends Error {
  readonly reason: 'not-bytes';
  constructor(reason: 'not-bytes') {
    super(`The mail cannot be read: ${reason}.`);
    this.reason = reason;
  }
}

/**
 * Reads a raw mail. Whatever the content, the answer is a mail: what cannot be understood is listed in `anomalies`,
 * and a structure past the limits gives the headers and an empty body (mail.md A1).
 * @throws Unreadable only when the input is not a byte array.
 */
export async function parseMail(raw: Uint8Array): Promise<ParsedMail> {
  if (!(raw instanceof Uint8Array)) throw new Unreadable('not-bytes');
  const anomalies: Anomaly[] = [];
  const bytes = normalizeStart(raw, anomalies);
  const root = await readMimeTree(bytes).catch(() => {
    anomalies.push('unreadable-structure');
    return headerOnly(bytes);
  });
  return { ...envelopeOf(root.headers, anomalies), ...contentOf(root, anomalies), anomalies };
}

/** Drops what mailers leave before the header (blank lines, a byte order mark, an mbox line) and repairs lines ended by CR alone. */
function normalizeStart(raw: Uint8Array, anomalies: Anomaly[]): Uint8Array {
  let bytes = raw;
  if (!bytes.includes(0x0a) && bytes.includes(0x0d)) {
    anomalies.push('bare-cr');
    bytes = bytes.map((byte) => (byte === 0x0d ? 0x0a : byte));
  }
  let start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  while (bytes[start] === 0x0a || bytes[start] === 0x0d) start += 1;
  const opening = Buffer.from(bytes.subarray(start, start + 6)).toString('latin1');
  if (opening.startsWith('From ') || opening.startsWith('>From ')) {
    const feed = bytes.indexOf(0x0a, start);
    start = feed < 0 ? bytes.length : feed + 1;
  }
  if (start >= bytes.length) anomalies.push('empty');
  return start === 0 ? bytes : bytes.slice(start);
}

function headerOnly(bytes: Uint8Array): MimePart {
  return {
    headers: readHeaders(bytes),
    contentType: readStructured('text/plain'),
    disposition: readStructured(undefined),
    content: new Uint8Array(),
    children: [],
  };
}

function envelopeOf(headers: readonly MailHeader[], anomalies: Anomaly[]) {
  const addresses = (name: string): MailAddress[] => headerValues(headers, name).flatMap(readAddresses);
  const from = addresses('from');
  const messageId = readMessageIds(headerValue(headers, 'message-id'))[0];
  const date = readDate(headerValue(headers, 'date'));
  if (from.length === 0) anomalies.push('no-from');
  if (from.length > 1) anomalies.push('several-from');
  if (isAmbiguousFrom(headerValues(headers, 'from'))) anomalies.push('ambiguous-from');
  if (messageId === undefined) anomalies.push('no-message-id');
  if (date === undefined) anomalies.push('no-date');
  if (['subject', 'from', 'message-id', 'date'].some((name) => headerValues(headers, name).length > 1)) anomalies.push('repeated-header');
  return {
    headers,
    subject: decodeWords(headerValue(headers, 'subject') ?? ''),
    from,
    sender: addresses('sender'),
    replyTo: addresses('reply-to'),
    to: addresses('to'),
    cc: addresses('cc'),
    messageId,
    inReplyTo: headerValues(headers, 'in-reply-to').flatMap(readMessageIds),
    references: readMessageIds(headerValues(headers, 'references').join(' ')),
    date,
  };
}

function contentOf(root: MimePart, anomalies: Anomaly[]) {
  const body = readBody(root);
  if (body.hasRepeatedName) anomalies.push('several-filenames');
  if (body.isCapped) anomalies.push('too-many-attachments');
  if (body.isBroken) anomalies.push('broken-multipart');
  const attachments = body.files.map((file) => ({
    ...file,
    size: file.content.length,
    sha256: createHash('sha256').update(file.content).digest('hex'),
  }));
  const winmail = attachments.find(
    ({ contentType, filename }) => /^application\/(?:vnd\.)?ms-tnef$/.test(contentType) || /^winmail\.dat$/i.test(filename),
  );
  const tnef = winmail && expandTnef(winmail.content);
  return {
    contentType: root.contentType.value,
    reportType: root.contentType.parameters.get('report-type')?.toLowerCase(),
    text: body.text,
    hasPlainText: body.hasPlainText,
    html: body.html,
    attachments,
    reports: body.reports,
    calendarMethod: body.calendarMethod,
    nested: body.nested,
    tnef,
    marks: readMarks([body.text, body.html, tnef?.text, tnef?.html]),
  };
}
