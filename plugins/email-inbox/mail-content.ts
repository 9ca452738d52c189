import { readHtmlTree, sanitizeMail, serialize, setAttribute, textOf, walk, type Folds } from '@helpdesk/core/plugin';
import type { ParsedMail } from './parsed-mail.ts';
import { visibleLength } from './quoting-marks.ts';
import { splitReply, type SplitReply } from './quoting.ts';
import { wellFormed } from './well-formed.ts';

/** A file of a mail, whether it lay in the mail or in its winmail.dat. */
export interface MailFile {
  readonly filename: string;
  readonly contentType: string;
  readonly contentId: string | undefined;
  readonly isInline: boolean;
  readonly content: Uint8Array;
}

/** Text and harmless HTML of a mail with what pages fold, and its files; inline ones are those the HTML shows. */
export interface MailContent {
  readonly text: string;
  readonly html: string | undefined;
  readonly folds: Folds;
  readonly files: readonly MailFile[];
  /** For an agent who answers by mail. */
  readonly own: OwnContent;
}

/** What the sender of a mail wrote without what is quoted, and the message that was passed on below it. */
export interface OwnContent {
  /** False when the mail was too large to be divided. */
  readonly isDivided: boolean;
  readonly text: string;
  readonly html: string | undefined;
  /** Content-IDs of the pictures that this HTML shows. */
  readonly pictures: readonly string[];
  readonly forwarded: string;
}

const emptyText = '–';

/** Makes the content of a message out of a mail, beside earlier texts of its sender; nothing is dropped but what would run. */
export function contentOfMail(mail: ParsedMail, earlier: readonly string[] = []): MailContent {
  const text = wellFormed(mail.text || mail.tnef?.text || '').replaceAll('\r\n', '\n');
  const html = mail.html ?? mail.tnef?.html;
  const split = splitReply({ text, html: html === undefined ? undefined : wellFormed(html).replaceAll('\r\n', '\n'), earlier });
  const cids = new Set<string>();
  const reply = clean(split.replyHtml, cids);
  const pictures = [...cids];
  const quote = clean(split.quoteHtml, cids);
  const files = filesOf(mail).map((file) => ({ ...file, isInline: file.contentId !== undefined && cids.has(file.contentId) }));
  const whole = reply === undefined ? undefined : quote === undefined ? reply : `${reply}<div data-quote="">${quote}</div>`;
  const isWordless = text.trim() === '' && files.length === 0 && whole?.includes('<img') !== true;
  return {
    text: isWordless ? emptyText : text,
    // Mail programs write layout around nothing, which would hide the dash.
    html: isWordless && !hasWords(whole) ? undefined : whole,
    folds: foldsOf(split),
    files,
    own: { isDivided: split.ownText !== undefined, text: split.ownText ?? '', html: reply, pictures, forwarded: split.forwardedText },
  };
}

function hasWords(html: string | undefined): boolean {
  return html !== undefined && visibleLength(textOf(readHtmlTree(html))) > 0;
}

// Cleaned here already: an address such as /files/7 in a stranger's mail must not reach core, which takes it for an upload of the editor.
function clean(html: string | undefined, cids: Set<string>): string | undefined {
  if (html === undefined || html.trim() === '') return undefined;
  const safe = sanitizeMail(withoutFolds(html), { cidUrl: (contentId) => `cid:${contentId}`, allowRemoteImages: true });
  for (const cid of safe.usedCids) cids.add(cid);
  return safe.html.trim() === '' ? undefined : safe.html;
}

/** What pages fold is decided here; a mail that brings our mark of it would hide words of its own. */
function withoutFolds(html: string): string {
  if (!/data-quote/i.test(html)) return html;
  const tree = readHtmlTree(html);
  for (const node of walk(tree)) if (node.kind === 'element') setAttribute(node, 'data-quote', undefined);
  return serialize(tree);
}

function filesOf(mail: ParsedMail): readonly MailFile[] {
  const plain = mail.attachments.filter(
    ({ contentType, filename }) => mail.tnef === undefined || !(contentType.endsWith('ms-tnef') || /^winmail\.dat$/i.test(filename)),
  );
  const inner = (mail.tnef?.files ?? []).map((file) => ({ ...file, isInline: false }));
  return [...plain, ...inner].map(({ filename, contentType, contentId, isInline, content }) => ({
    filename: wellFormed(filename),
    contentType: wellFormed(contentType),
    // Content-IDs are compared without regard to case, so they are stored in one (mail.md S3).
    contentId: contentId === undefined ? undefined : wellFormed(contentId).toLowerCase(),
    isInline,
    content,
  }));
}

function foldsOf({ parts }: SplitReply): Folds {
  const quotes = parts.filter(({ kind }) => kind === 'quote').map(({ start, end }) => [start, end] as const);
  const signature = parts.findLast(({ kind }) => kind === 'signature');
  return {
    ...(quotes.length === 0 ? {} : { quotes }),
    ...(signature === undefined ? {} : { signature: [signature.start, signature.end] }),
  };
}
