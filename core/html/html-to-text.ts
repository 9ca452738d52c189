import { readHtmlTree, type HtmlElement, type HtmlNode } from './html-tree.ts';

// Not the head itself: a mail that never closes it has its words in there.
const dropped = new Set(['style', 'script', 'title', 'template', 'noscript', 'svg', 'math', 'object', 'iframe', 'select', 'textarea']);
const blocks = new Set(
  'address article aside blockquote body center dd details div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr html li main nav ol p pre section table tbody tfoot thead tr ul'.split(
    ' ',
  ),
);
const spaced = new Set(['p', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'blockquote', 'ul', 'ol', 'dl', 'table', 'pre']);

/**
 * Converts HTML to readable plain text: paragraphs, `> ` quotes, list marks, link targets in angle brackets, image
 * texts in square brackets. Runs in linear time; used for mails without a plain part and for outgoing text parts.
 */
export function htmlToText(html: string): string {
  const writer = new LineWriter();
  render(readHtmlTree(html), writer, { pre: false, list: undefined });
  return writer.finish();
}

interface Context {
  readonly pre: boolean;
  readonly list: { ordered: boolean; next: number } | undefined;
}

function render(node: HtmlNode, writer: LineWriter, context: Context): void {
  if (node.kind === 'text') {
    writer.text(node.text, context.pre);
    return;
  }
  const { name } = node;
  if (dropped.has(name) || isHidden(node)) return;
  if (name === 'br') writer.lineBreak();
  else if (name === 'hr') writer.rule();
  else if (name === 'img') writer.text(imageText(node), false);
  else if (name === 'a') renderLink(node, writer, context);
  else if (blocks.has(name)) renderBlock(node, writer, context);
  else {
    renderChildren(node, writer, context);
    if (name === 'td' || name === 'th') writer.text(' ', false);
  }
}

function renderBlock(node: HtmlElement, writer: LineWriter, context: Context): void {
  const { name } = node;
  writer.block(spaced.has(name) && !context.list);
  if (name === 'blockquote') writer.depth += 1;
  if (name === 'li') writer.text(listMark(context), true);
  const isList = name === 'ul' || name === 'ol';
  const start = Number(node.attributes['start'] ?? 1);
  const list = isList ? { ordered: name === 'ol', next: Number.isInteger(start) ? start : 1 } : name === 'li' ? undefined : context.list;
  renderChildren(node, writer, { pre: context.pre || name === 'pre', list: list ?? (name === 'li' ? context.list : undefined) });
  if (name === 'blockquote') {
    writer.block(false);
    writer.depth -= 1;
  }
  writer.block(spaced.has(name) && !context.list);
}

function renderChildren(node: HtmlElement, writer: LineWriter, context: Context): void {
  for (const child of node.children) render(child, writer, context);
}

function renderLink(node: HtmlElement, writer: LineWriter, context: Context): void {
  const before = writer.length;
  renderChildren(node, writer, context);
  const target = (node.attributes['href'] ?? '').trim();
  if (!/^(?:https?|mailto|tel):/i.test(target) || writer.length === before) return;
  const shown = writer.since(before).trim();
  const bare = target.replace(/^(?:mailto|tel):/i, '');
  if (bare !== shown && bare.replace(/^https?:\/\//i, '').replace(/\/$/, '') !== shown.replace(/^https?:\/\//i, '').replace(/\/$/, ''))
    writer.text(` <${bare}>`, false);
}

function listMark({ list }: Context): string {
  if (!list?.ordered) return '- ';
  list.next += 1;
  return `${list.next - 1}. `;
}

function imageText(node: HtmlElement): string {
  const alt = (node.attributes['alt'] ?? '').trim();
  return alt === '' ? '' : `[${alt}]`;
}

function isHidden({ attributes }: HtmlElement): boolean {
  return /display\s{0,3}:\s{0,3}none/i.test(attributes['style'] ?? '');
}

/** Collects output; a space or break is written only when text follows, so nothing trails. */
class LineWriter {
  depth = 0;
  private readonly pieces: string[] = [];
  private size = 0;
  private lastDepth = 0;
  private breaks = 0;
  private space = false;
  private lineIsEmpty = true;

  get length(): number {
    return this.pieces.length;
  }

  since(index: number): string {
    return this.pieces.slice(index).join('');
  }

  text(text: string, isPre: boolean): void {
    if (isPre) {
      const [first = '', ...rest] = text.split(/\r?\n/);
      this.word(first);
      for (const line of rest) {
        this.lineBreak();
        this.word(line);
      }
      return;
    }
    const flat = text.replace(/[ \t\r\n\f]+/g, ' ');
    if (flat.startsWith(' ')) this.space = true;
    const body = flat.trim();
    if (body !== '') this.word(body);
    if (flat.endsWith(' ') && body !== '') this.space = true;
  }

  lineBreak(): void {
    this.breaks += 1;
    this.space = false;
    this.lineIsEmpty = true;
  }

  block(isSpaced: boolean): void {
    const wanted = isSpaced ? 2 : 1;
    if (this.lineIsEmpty && this.breaks >= wanted) return;
    this.breaks = Math.max(this.breaks, wanted);
    this.space = false;
    this.lineIsEmpty = true;
  }

  rule(): void {
    this.block(false);
    this.word('-'.repeat(20));
    this.block(false);
  }

  finish(): string {
    return this.pieces.join('').replaceAll('\u00a0', ' ');
  }

  private word(text: string): void {
    if (text === '') return;
    const prefix = '> '.repeat(Math.min(this.depth, 20));
    if (this.breaks > 0 || this.size === 0) {
      const count = this.size === 0 ? 0 : Math.min(this.breaks, 4);
      const between = '> '.repeat(Math.min(this.depth, this.lastDepth, 20)).trimEnd();
      this.push(`${`\n${between}`.repeat(Math.max(0, count - 1))}${count === 0 ? '' : '\n'}${prefix}`);
    } else if (this.space) {
      this.push(' ');
    }
    this.push(text);
    this.lastDepth = this.depth;
    this.breaks = 0;
    this.space = false;
    this.lineIsEmpty = false;
  }

  private push(piece: string): void {
    this.pieces.push(piece);
    this.size += piece.length;
  }
}
