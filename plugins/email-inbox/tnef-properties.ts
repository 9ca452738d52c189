import { decodeText } from './charset.ts';

/** A MAPI property with its type number (MS-OXCDATA section 2.11.1) and the bytes of its first value. */
export interface MapiProperty {
  readonly type: number;
  readonly value: Uint8Array;
}

const fixedSizes: ReadonlyMap<number, number> = new Map([
  [0x02, 4],
  [0x03, 4],
  [0x04, 4],
  [0x05, 8],
  [0x06, 8],
  [0x07, 8],
  [0x0a, 4],
  [0x0b, 4],
  [0x14, 8],
  [0x40, 8],
  [0x48, 16],
]);
const variable = new Set([0x0d, 0x1e, 0x1f, 0x102]);
const maxProperties = 5000;

/** Reads an encapsulated property list by property id (MS-OXTNEF section 2.1.3.4); stops at the first damaged one. */
export function readProperties(data: Uint8Array): Map<number, MapiProperty> {
  const properties = new Map<number, MapiProperty>();
  const cursor = new Cursor(data);
  const count = Math.min(cursor.int32(), maxProperties);
  for (let index = 0; index < count && !cursor.isBroken; index += 1) {
    const type = cursor.int16();
    const id = cursor.int16();
    if (id >= 0x8000) skipName(cursor);
    const value = readValue(cursor, type);
    if (value !== undefined && !properties.has(id)) properties.set(id, { type: type & 0xfff, value });
  }
  return properties;
}

function skipName(cursor: Cursor): void {
  cursor.take(16);
  if (cursor.int32() === 0) cursor.take(4);
  else cursor.takePadded(cursor.int32());
}

function readValue(cursor: Cursor, type: number): Uint8Array | undefined {
  const single = type & 0xfff;
  const isMany = (type & 0x1000) !== 0;
  const size = fixedSizes.get(single);
  if (size !== undefined) {
    const many = isMany ? Math.min(cursor.int32(), maxProperties) : 1;
    return cursor.take(size * many);
  }
  if (!variable.has(single)) {
    cursor.isBroken = true;
    return undefined;
  }
  const many = Math.min(cursor.int32(), maxProperties);
  let first: Uint8Array | undefined;
  for (let index = 0; index < many && !cursor.isBroken; index += 1) {
    const value = cursor.takePadded(cursor.int32());
    first ??= single === 0x0d ? value.subarray(16) : value;
  }
  return first;
}

class Cursor {
  isBroken = false;
  private at = 0;
  private readonly data: Uint8Array;
  private readonly view: DataView;

  constructor(data: Uint8Array) {
    this.data = data;
    this.view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  }

  int16(): number {
    return this.has(2) ? this.view.getUint16(this.advance(2), true) : 0;
  }

  int32(): number {
    return this.has(4) ? this.view.getUint32(this.advance(4), true) : 0;
  }

  take(length: number): Uint8Array {
    if (!this.has(length)) return new Uint8Array();
    const start = this.advance(length);
    return this.data.subarray(start, start + length);
  }

  takePadded(length: number): Uint8Array {
    const value = this.take(length);
    this.at = Math.min(this.data.length, this.at + ((4 - (length % 4)) % 4));
    return value;
  }

  private has(length: number): boolean {
    if (this.at + length > this.data.length) this.isBroken = true;
    return !this.isBroken;
  }

  private advance(length: number): number {
    this.at += length;
    return this.at - length;
  }
}

/** The text of a string or binary property, without its closing zero; undefined when absent or empty. */
export function propertyText(property: MapiProperty | undefined, charset: string): string | undefined {
  if (!property) return undefined;
  const text =
    property.type === 0x1f
      ? new TextDecoder('utf-16le').decode(property.value)
      : decodeText(property.value, { charset, isHtml: property.type === 0x102 });
  const clean = text.replaceAll('\0', '');
  return clean === '' ? undefined : clean;
}
