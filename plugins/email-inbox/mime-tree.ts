import PostalMime from 'postal-mime';
import { encodingFor } from './charset.ts';
import { readHeaders, readStructured, type MailHeader, type Structured } from './header.ts';

/** One node of the MIME tree with its own headers; `content` is decoded bytes and empty on multiparts that have children. */
export interface MimePart {
  readonly headers: readonly MailHeader[];
  readonly contentType: Structured;
  readonly disposition: Structured;
  readonly content: Uint8Array;
  readonly children: readonly MimePart[];
}

// postal-mime's public result joins all text parts after decoding them, which loses the bytes that charset repair
// needs, and rewrites line ends. Its parser is therefore driven for the tree alone: where each part's header and
// body stand in the raw mail is noted line by line. The version is pinned and a test fails when these members go.
interface ParserNode {
  readonly state: 'header' | 'body' | 'finished';
  readonly content: ArrayBuffer | null;
  readonly childNodes: readonly ParserNode[];
  readonly contentType: { readonly parsed: { readonly value: string }; readonly multipart: string | false };
  readonly contentTransferEncoding: { readonly encoding: string };
}
interface LineParser {
  readonly root: ParserNode;
  readonly currentNode: ParserNode;
  readonly boundaries: readonly unknown[];
  parse(raw: Uint8Array): Promise<unknown>;
  processLine(line: Uint8Array, isFinal: boolean): Promise<void>;
  collectNode(): Promise<void>;
  renderTextContent(): void;
}
interface Place {
  headerStart: number;
  headerEnd: number;
  bodyStart: number;
  bodyEnd: number;
}

const LineParserBase = PostalMime as unknown as new (options: object) => LineParser;

class TreeParser extends LineParserBase {
  readonly places = new Map<ParserNode, Place>();

  override async processLine(line: Uint8Array, isFinal: boolean): Promise<void> {
    const node = this.currentNode;
    const wasHeader = node.state === 'header';
    // Plain lines are taken from the raw mail by their place, so the parser need not collect them.
    const isPlain =
      node.state === 'body' && !isFinal && !isEncoded(node) && (this.boundaries.length === 0 || line[0] !== 0x2d || line[1] !== 0x2d);
    if (!isPlain) await super.processLine(line, isFinal);
    // A boundary line belongs to no part.
    if (this.currentNode !== node) return;

    const start = line.byteOffset;
    const end = start + line.length;
    const place = this.places.get(node) ?? { headerStart: start, headerEnd: start, bodyStart: -1, bodyEnd: -1 };
    if (wasHeader) place.headerEnd = end;
    else if (place.bodyStart < 0) Object.assign(place, { bodyStart: start, bodyEnd: end });
    else place.bodyEnd = end;
    this.places.set(node, place);
  }

  // The two steps below build the joined text, which is not used.
  override async collectNode(): Promise<void> {}
  override renderTextContent(): void {}
}

function isEncoded(node: ParserNode): boolean {
  return /base64|quoted-printable/.test(node.contentTransferEncoding.encoding);
}

const limits = { maxHeadersSize: 4 * 1024 * 1024, maxNestingDepth: 256, forceRfc822Attachments: true };

/**
 * Reads the MIME structure of a raw mail (RFC 2045, RFC 2046). Nested messages stay leaves.
 * @throws Error when the mail nests deeper than 256 levels or carries more than 4 MiB of headers.
 */
export async function readMimeTree(raw: Uint8Array): Promise<MimePart> {
  const parser = new TreeParser(limits);
  await parser.parse(raw);
  return toPart(parser.root, { raw, places: parser.places, defaultType: 'text/plain' });
}

interface TreeContext {
  readonly raw: Uint8Array;
  readonly places: ReadonlyMap<ParserNode, Place>;
  readonly defaultType: string;
}

function toPart(node: ParserNode, context: TreeContext): MimePart {
  const place = context.places.get(node);
  const block = place ? context.raw.subarray(place.headerStart, place.headerEnd) : new Uint8Array();
  let headers = readHeaders(block);
  let contentType = typeOf(headers, context.defaultType);
  const defaultType = contentType.value === 'multipart/digest' ? 'message/rfc822' : 'text/plain';
  const children = node.childNodes.map((child) => toPart(child, { ...context, defaultType }));
  if (headers.some(({ value }) => /\P{ASCII}/u.test(value))) {
    const charset = textCharset({ contentType, children });
    if (charset !== undefined && charset !== 'windows-1252') {
      headers = readHeaders(block, charset);
      contentType = typeOf(headers, context.defaultType);
    }
  }
  return {
    headers,
    contentType,
    disposition: readStructured(headers.find(({ name }) => name === 'content-disposition')?.value),
    content: children.length > 0 ? new Uint8Array() : contentOf(node, place, context.raw),
    children,
  };
}

/** The charset of a part, or of the first text in it, which is what its header was written in too (mail.md C1). */
function textCharset({ contentType, children }: Pick<MimePart, 'contentType' | 'children'>): string | undefined {
  let charset = encodingFor(contentType.parameters.get('charset'));
  for (const child of children) charset ??= textCharset(child);
  return charset;
}

function typeOf(headers: readonly MailHeader[], defaultType: string): Structured {
  const field = headers.find(({ name }) => name === 'content-type')?.value;
  const type = readStructured(field ?? defaultType);
  return /^[^/\s]+\/[^/\s]+/.test(type.value) ? type : { ...type, value: defaultType };
}

function contentOf(node: ParserNode, place: Place | undefined, raw: Uint8Array): Uint8Array {
  if (isEncoded(node)) {
    const decoded = new Uint8Array(node.content ?? new ArrayBuffer(0));
    // The decoder ends each line with a line feed; the one before the boundary belongs to the boundary.
    return node.contentTransferEncoding.encoding === 'base64' ? decoded : decoded.subarray(0, Math.max(0, decoded.length - 1));
  }
  return place === undefined || place.bodyStart < 0 ? new Uint8Array() : raw.subarray(place.bodyStart, place.bodyEnd);
}
