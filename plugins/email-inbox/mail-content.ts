import { randomUUID } from 'node:crypto';
import {
  readHtmlTree,
  sanitizeMail,
  serialize,
  setAttribute,
  textOf,
  walk,
  withoutElements,
  type Folds,
  type HtmlElement,
} from '@helpdesk/core/plugin';
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
  const foldKey = randomUUID();
  const split = splitReply({ text, html: html === undefined ? undefined : wellFormed(html).replaceAll('\r\n', '\n'), foldKey, earlier });
  const { whole, own, pictures } = clean(split.html, foldKey);
  const shown = new Set(pictures.whole);
  const files = filesOf(mail).map((file) => ({ ...file, isInline: file.contentId !== undefined && shown.has(file.contentId) }));
  const isWordless = text.trim() === '' && files.length === 0 && whole?.includes('<img') !== true;
  return {
    text: isWordless ? emptyText : text,
    // Mail programs write layout around nothing, which would hide the dash.
    html: isWordless && !hasWords(whole) ? undefined : whole,
    folds: foldsOf(split),
    files,
    own: {
      isDivided: split.ownText !== undefined,
      text: split.ownText ?? '',
      html: own,
      pictures: pictures.own,
      forwarded: split.forwardedText,
    },
  };
}

function hasWords(html: string | undefined): boolean {
  return html !== undefined && visibleLength(textOf(readHtmlTree(html))) > 0;
}

interface CleanHtml {
  readonly whole: string | undefined;
  /** The same without what is folded. */
  readonly own: string | undefined;
  /** Content-IDs of what each of them shows. */
  readonly pictures: { readonly whole: readonly string[]; readonly own: readonly string[] };
}

// Cleaned here already: an address such as /files/7 in a stranger's mail must not reach core, which takes it for an upload of the editor.
function clean(html: string | undefined, foldKey: string): CleanHtml {
  const safe = sanitizeMail(html ?? '', { cidUrl: (contentId) => `cid:${contentId}`, allowRemoteImages: true });
  const whole = safe.html.trim() === '' ? undefined : safe.html;
  if (whole?.includes('data-quote') !== true) return { whole, own: whole, pictures: { whole: safe.usedCids, own: safe.usedCids } };
  const tree = readHtmlTree(whole);
  dropForeignFolds(tree, foldKey);
  const own = withoutElements(tree, ({ attributes }) => attributes['data-quote'] !== undefined);
  return { whole: serialize(tree), own: serialize(own), pictures: { whole: safe.usedCids, own: picturesIn(own) } };
}

/** What pages fold is decided here; a mail that brings our mark of it would hide words of its own. */
function dropForeignFolds(tree: HtmlElement, foldKey: string): void {
  for (const node of walk(tree)) {
    if (node.kind !== 'element') continue;
    const mark = node.attributes['data-quote'];
    if (mark !== undefined) setAttribute(node, 'data-quote', mark === foldKey ? '' : undefined);
  }
}

function picturesIn(tree: HtmlElement): readonly string[] {
  return [...walk(tree)].flatMap((node) => {
    const source = node.kind === 'element' && node.name === 'img' ? (node.attributes['src'] ?? '') : '';
    return source.startsWith('cid:') ? [source.slice('cid:'.length)] : [];
  });
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
