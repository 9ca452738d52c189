import { decodeText } from './charset.ts';
import { cleanFilename } from './file-names.ts';
import { expandRtf } from './tnef-rtf.ts';
import { propertyText, readProperties, type MapiProperty } from './tnef-properties.ts';

/** A file taken out of winmail.dat; `filename` is cleaned for display. */
export interface TnefFile {
  readonly filename: string;
  readonly contentType: string;
  readonly contentId: string | undefined;
  readonly content: Uint8Array;
}

/** What winmail.dat held: its files, and the body in each format it came in. */
export interface TnefContent {
  readonly files: readonly TnefFile[];
  readonly text: string | undefined;
  readonly html: string | undefined;
  readonly rtf: Uint8Array | undefined;
}

const attribute = {
  body: 0x800c,
  attachData: 0x800f,
  attachTitle: 0x8010,
  attachRendition: 0x9002,
  messageProperties: 0x9003,
  attachment: 0x9005,
  codepage: 0x9007,
};
const tag = {
  body: 0x1000,
  rtf: 0x1009,
  html: 0x1013,
  displayName: 0x3001,
  data: 0x3701,
  shortName: 0x3704,
  longName: 0x3707,
  mime: 0x370e,
  contentId: 0x3712,
};
const maxFiles = 200;

interface Draft {
  title?: Uint8Array;
  data?: Uint8Array;
  properties: ReadonlyMap<number, MapiProperty>;
}

/**
 * Reads Microsoft's TNEF stream (MS-OXTNEF section 2.1). Stops at the first damaged attribute and gives
 * what was found until then; undefined when the bytes are no TNEF at all.
 */
export function expandTnef(content: Uint8Array): TnefContent | undefined {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  if (content.length < 6 || view.getUint32(0, true) !== 0x223e9f78) return undefined;
  const drafts: Draft[] = [];
  let charset = 'windows-1252';
  let text: string | undefined;
  let message: ReadonlyMap<number, MapiProperty> = new Map();

  for (const { id, data } of attributesOf(content, view)) {
    if (id === attribute.codepage && data.length >= 4) charset = `windows-${new DataView(data.buffer, data.byteOffset).getUint32(0, true)}`;
    else if (id === attribute.body) text = decodeText(data, { charset });
    else if (id === attribute.messageProperties) message = readProperties(data);
    else if (id === attribute.attachRendition && drafts.length < maxFiles) drafts.push({ properties: new Map() });
    else fillDraft(drafts.at(-1), id, data);
  }
  const rtf = message.get(tag.rtf);
  return {
    files: drafts.filter(({ data, properties }) => data !== undefined || properties.has(tag.data)).map((draft) => toFile(draft, charset)),
    text: propertyText(message.get(tag.body), charset) ?? text,
    html: propertyText(message.get(tag.html), charset),
    rtf: rtf && expandRtf(rtf.value),
  };
}

function* attributesOf(content: Uint8Array, view: DataView): Generator<{ id: number; data: Uint8Array }> {
  let at = 6;
  while (at + 9 <= content.length) {
    const level = content[at];
    const length = view.getUint32(at + 5, true);
    const end = at + 9 + length;
    if ((level !== 1 && level !== 2) || end + 2 > content.length) return;
    yield { id: view.getUint16(at + 1, true), data: content.subarray(at + 9, end) };
    at = end + 2;
  }
}

function fillDraft(draft: Draft | undefined, id: number, data: Uint8Array): void {
  if (!draft) return;
  if (id === attribute.attachTitle) draft.title = data;
  else if (id === attribute.attachData) draft.data = data;
  else if (id === attribute.attachment) draft.properties = readProperties(data);
}

function toFile({ title, data, properties }: Draft, charset: string): TnefFile {
  const text = (id: number): string | undefined => propertyText(properties.get(id), charset);
  const contentType = text(tag.mime)?.toLowerCase() ?? 'application/octet-stream';
  const name = text(tag.longName) ?? text(tag.displayName) ?? (title && decodeText(title, { charset })) ?? text(tag.shortName);
  return {
    filename: cleanFilename(name, contentType),
    contentType,
    contentId: text(tag.contentId)?.replace(/^<|>$/g, ''),
    content: data ?? properties.get(tag.data)?.value ?? new Uint8Array(),
  };
}
