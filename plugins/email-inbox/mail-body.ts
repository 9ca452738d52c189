import { decodeText } from './charset.ts';
import { cleanFilename } from './file-names.ts';
import { unflow } from './flowed.ts';
import { decodeWords, headerValue, readHeaders, type MailHeader } from './header.ts';
// Not all of core, which would take every thread that reads mail most of a second and its memory.
import { htmlToText, textToHtml } from '@helpdesk/core/html';
import type { MimePart } from './mime-tree.ts';
import type { MailAttachment, NestedMessage, ReportPart } from './parsed-mail.ts';

const maxFiles = 200;

export type BodyFile = Pick<MailAttachment, 'filename' | 'contentType' | 'contentId' | 'isInline' | 'content'>;

export interface MailBody {
  readonly text: string;
  readonly hasPlainText: boolean;
  readonly html: string | undefined;
  readonly files: readonly BodyFile[];
  readonly reports: readonly ReportPart[];
  readonly nested: readonly NestedMessage[];
  readonly calendarMethod: string | undefined;
  readonly isCapped: boolean;
  readonly isBroken: boolean;
  readonly hasRepeatedName: boolean;
}

/** A stretch of the body: what an alternative, or a single text part, says in each format. */
interface Block {
  readonly plain: string[];
  readonly html: string[];
}

interface Collected {
  readonly blocks: Block[];
  readonly files: BodyFile[];
  readonly reports: ReportPart[];
  readonly nested: NestedMessage[];
  calendarMethod: string | undefined;
  isCapped: boolean;
  isBroken: boolean;
  hasRepeatedName: boolean;
}

/** Sorts the leaves of a MIME tree into body text, files, report parts and nested messages (RFC 2046 section 5.1). */
export function readBody(root: MimePart): MailBody {
  const collected: Collected = {
    blocks: [],
    files: [],
    reports: [],
    nested: [],
    calendarMethod: undefined,
    isCapped: false,
    isBroken: false,
    hasRepeatedName: false,
  };
  collect(root, collected, undefined);
  const blocks = collected.blocks.filter(({ plain, html }) => plain.length + html.length > 0);
  const hasHtml = blocks.some(({ html }) => html.length > 0);
  // Some mailers send an empty plain part beside the HTML that holds the words.
  const speaks = ({ plain, html }: Block): boolean => html.length === 0 || plain.some((text) => text.trim() !== '');
  return {
    ...collected,
    nested: collected.nested.filter(({ headers }) => headers !== root.headers),
    text: blocks.map((block) => (speaks(block) ? block.plain.join('\n') : htmlToText(block.html.join('\n')))).join('\n'),
    hasPlainText: blocks.some((block) => speaks(block)),
    html: hasHtml
      ? blocks.map(({ plain, html }) => (html.length > 0 ? html.join('\n') : textToHtml(plain.join('\n')))).join('\n')
      : undefined,
  };
}

function collect(part: MimePart, into: Collected, alternative: Block | undefined): void {
  const type = part.contentType.value;
  if (type.startsWith('multipart/')) {
    if (part.children.length === 0) collectBrokenMultipart(part, into);
    const block = type === 'multipart/alternative' && !alternative ? { plain: [], html: [] } : alternative;
    if (block && block !== alternative) into.blocks.push(block);
    for (const child of part.children) collect(child, into, block);
  } else if (isBodyText(part)) {
    const block = alternative ?? { plain: [], html: [] };
    if (carriesMailHeader(part)) into.nested.push({ headers: part.headers, raw: part.content });
    block[type === 'text/html' ? 'html' : 'plain'].push(readText(part));
    if (!alternative) into.blocks.push(block);
  } else {
    collectLeaf(part, into);
  }
}

/** Some servers put the header of a returned mail where the part's own header belongs. */
function carriesMailHeader(part: MimePart): boolean {
  return ['received', 'from', 'message-id'].every((name) => part.headers.some((header) => header.name === name));
}

function isBodyText(part: MimePart): boolean {
  const type = part.contentType.value;
  if (type !== 'text/plain' && type !== 'text/html') return false;
  if (part.disposition.value === 'attachment') return false;
  return nameOf(part) === undefined || (part.disposition.value === 'inline' && type === 'text/html');
}

function readText(part: MimePart): string {
  const { parameters, value } = part.contentType;
  const text = decodeText(part.content, { charset: parameters.get('charset'), isHtml: value === 'text/html' });
  if (value !== 'text/plain' || parameters.get('format')?.toLowerCase() !== 'flowed') return text;
  return unflow(text, parameters.get('delsp')?.toLowerCase() === 'yes');
}

function collectBrokenMultipart(part: MimePart, into: Collected): void {
  if (part.content.length === 0) return;
  into.isBroken = true;
  into.blocks.push({ plain: [decodeText(part.content)], html: [] });
}

function collectLeaf(part: MimePart, into: Collected): void {
  const type = part.contentType.value;
  if (/^message\/(?:global-)?(?:delivery-status|feedback-report|disposition-notification)$/.test(type)) {
    into.reports.push({ contentType: type.replace('global-', ''), groups: readGroups(part.content) });
  }
  if (
    type === 'message/rfc822' ||
    type === 'message/global' ||
    type === 'message/partial' ||
    /^(?:text|message)\/rfc822-headers?$/.test(type)
  ) {
    into.nested.push({ headers: readHeaders(skipBlankLines(part.content)), raw: part.content });
  }
  if (type === 'text/calendar') into.calendarMethod ??= calendarMethod(part);
  if (part.disposition.repeated.includes('filename')) into.hasRepeatedName = true;
  if (into.files.length >= maxFiles) into.isCapped = true;
  else if (part.content.length > 0 || part.headers.length > 0) into.files.push(toFile(part));
}

function toFile(part: MimePart): BodyFile {
  const type = part.contentType.value;
  const contentId = headerValue(part.headers, 'content-id')?.trim().replace(/^<|>$/g, '');
  const subject = type === 'message/rfc822' ? subjectName(part.content) : undefined;
  return {
    filename: cleanFilename(nameOf(part) ?? subject, type),
    contentType: type.slice(0, 200),
    contentId: contentId === '' ? undefined : contentId,
    isInline: part.disposition.value === 'inline' || (part.disposition.value === '' && contentId !== undefined),
    content: part.content,
  };
}

function subjectName(content: Uint8Array): string | undefined {
  const subject = headerValue(readHeaders(skipBlankLines(content)), 'subject');
  return subject === undefined || subject === '' ? undefined : `${decodeWords(subject).replace(/[/\\]/g, '-')}.eml`;
}

function nameOf(part: MimePart): string | undefined {
  const name =
    part.disposition.parameters.get('filename') ??
    part.contentType.parameters.get('name') ??
    part.contentType.parameters.get('filename') ??
    part.contentType.parameters.get('file') ??
    part.disposition.parameters.get('name');
  return name === undefined || name === '' ? undefined : decodeWords(name);
}

function calendarMethod(part: MimePart): string | undefined {
  const head = decodeText(part.content.subarray(0, 65_536), { charset: part.contentType.parameters.get('charset') });
  const method = part.contentType.parameters.get('method') ?? /^METHOD:[ \t]*([A-Za-z-]{1,30})/m.exec(head)?.[1];
  return method?.toUpperCase();
}

/** Reads the field groups of a report part, which blank lines divide (RFC 3464 section 2.1). */
export function readGroups(content: Uint8Array): MailHeader[][] {
  const text = Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('latin1');
  return text
    .split(/\r?\n[ \t]*\r?\n/)
    .slice(0, 1000)
    .map((group) => readHeaders(Buffer.from(group.replace(/^[\r\n]+/, ''), 'latin1')))
    .filter((group) => group.length > 0);
}

function skipBlankLines(content: Uint8Array): Uint8Array {
  let start = 0;
  while (content[start] === 0x0a || content[start] === 0x0d || content[start] === 0x20) start += 1;
  return content.subarray(start);
}
