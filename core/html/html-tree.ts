import { Parser } from 'htmlparser2';

/** An element of a light HTML tree: lower-case name, attributes as written, children in order. */
export interface HtmlElement {
  readonly kind: 'element';
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: HtmlNode[];
  readonly parent: HtmlElement | undefined;
}

export interface HtmlText {
  readonly kind: 'text';
  text: string;
  readonly parent: HtmlElement;
}

export type HtmlNode = HtmlElement | HtmlText;

const maxDepth = 200;
// The parser's own stack grows slow with depth; mail that nests further is text with brackets around it.
const maxParsedDepth = 3000;
const maxNodes = 300_000;

/** Parses HTML into a tree without scripts running or entities left; deeper than 200 levels it is flattened, past 300 000 nodes cut. */
export function readHtmlTree(html: string): HtmlElement {
  const root: HtmlElement = { kind: 'element', name: '#root', attributes: {}, children: [], parent: undefined };
  // Elements past the depth limit get no node; their content joins the deepest one.
  const open: HtmlElement[] = [root];
  let skipped = 0;
  let nodes = 0;
  let depth = 0;
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        const parent = open.at(-1) ?? root;
        nodes += 1;
        depth += 1;
        if (depth > maxParsedDepth) throw new TooDeep();
        if (open.length >= maxDepth || nodes > maxNodes) {
          skipped += 1;
          return;
        }
        const element: HtmlElement = { kind: 'element', name, attributes, children: [], parent };
        parent.children.push(element);
        open.push(element);
      },
      ontext(text) {
        const parent = open.at(-1) ?? root;
        const last = parent.children.at(-1);
        if (last?.kind === 'text') last.text += text;
        else if (nodes <= maxNodes) parent.children.push({ kind: 'text', text, parent });
      },
      onclosetag() {
        depth -= 1;
        if (skipped > 0) skipped -= 1;
        else if (open.length > 1) open.pop();
      },
    },
    // A CDATA section is no comment here, or its words would be lost.
    { decodeEntities: true, lowerCaseTags: true, lowerCaseAttributeNames: true, recognizeCDATA: true },
  );
  try {
    parser.end(html);
  } catch (cause) {
    if (!(cause instanceof TooDeep)) throw cause;
    const rest = html.slice(parser.endIndex + 1).replace(/<[^<>]{0,2000}>/g, ' ');
    const parent = open.at(-1) ?? root;
    parent.children.push({ kind: 'text', text: rest, parent });
  }
  return root;
}

class TooDeep extends Error {}

/** Sets an attribute, or removes it with undefined. */
export function setAttribute(element: HtmlElement, name: string, value: string | undefined): void {
  const attributes: Record<string, string> = element.attributes;
  if (value === undefined) delete attributes[name];
  else attributes[name] = value;
}

/** All nodes below an element in document order, as they stood when each level was reached. */
export function* walk(element: HtmlElement): Generator<HtmlNode> {
  const stack: HtmlNode[] = element.children.toReversed();
  for (let node = stack.pop(); node; node = stack.pop()) {
    yield node;
    if (node.kind === 'element')
      for (let index = node.children.length - 1; index >= 0; index -= 1) {
        const child = node.children[index];
        if (child) stack.push(child);
      }
  }
}

/** A copy of a tree without some of its elements and what stands in them. */
export function withoutElements(element: HtmlElement, isDropped: (element: HtmlElement) => boolean): HtmlElement {
  const kept = element.children.filter((child) => child.kind === 'text' || !isDropped(child));
  return { ...element, children: kept.map((child) => (child.kind === 'text' ? child : withoutElements(child, isDropped))) };
}

const hidden = new Set(['script', 'style', 'title', 'template', 'noscript']);

/** The visible characters below a node, joined without layout. */
export function textOf(node: HtmlNode): string {
  if (node.kind === 'text') return node.text;
  if (hidden.has(node.name)) return '';
  let text = '';
  for (const child of walk(node)) if (child.kind === 'text' && !hidden.has(child.parent.name)) text += child.text;
  return text;
}

/** Whether there is a picture below an element, which is seen though it has no characters. */
export function holdsPicture(element: HtmlElement): boolean {
  for (const node of walk(element)) if (node.kind === 'element' && node.name === 'img') return true;
  return false;
}

const voidElements = new Set(['area', 'base', 'br', 'col', 'embed', 'hr', 'img', 'input', 'link', 'meta', 'source', 'track', 'wbr']);
const rawText = new Set(['script', 'style', 'xmp', 'iframe', 'noembed', 'noframes', 'plaintext']);

/** Writes a node back as HTML. */
export function serialize(node: HtmlNode): string {
  const pieces: string[] = [];
  write(node, pieces);
  return pieces.join('');
}

function write(node: HtmlNode, pieces: string[]): void {
  if (node.kind === 'text') {
    pieces.push(rawText.has(node.parent.name) ? node.text : escapeText(node.text));
    return;
  }
  if (node.name !== '#root') {
    const attributes = Object.entries(node.attributes).map(([name, value]) => ` ${name}="${escapeHtml(value)}"`);
    pieces.push(`<${node.name}${attributes.join('')}>`);
    if (voidElements.has(node.name)) return;
  }
  for (const child of node.children) write(child, pieces);
  if (node.name !== '#root') pieces.push(`</${node.name}>`);
}

/** Outside of tags a closing bracket needs no escape, and each escape costs the next parser an event. */
function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

/** Escapes text for HTML content and quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
