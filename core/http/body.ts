import type { Readable } from 'node:stream';
import busboy from 'busboy';
import type { Desk } from '../desk.ts';
import type { FileRecord } from '../files/index.ts';
import { insertFile } from '../files/index.ts';
import { Invalid } from '../kernel/errors.ts';
import type { Context } from './request-state.ts';

/** A submitted form: single values, repeated values, and files that are already stored. */
export class Form {
  readonly files: readonly (FileRecord & { readonly field: string })[];
  private readonly values: URLSearchParams;

  constructor(values: URLSearchParams, files: readonly (FileRecord & { readonly field: string })[]) {
    this.values = values;
    this.files = files;
  }

  /** The value, or '' when the field was not sent. */
  text(name: string): string {
    return this.values.get(name) ?? '';
  }

  /** The trimmed value, or undefined when it is empty or was not sent. */
  optional(name: string): string | undefined {
    return this.text(name).trim() || undefined;
  }

  all(name: string): readonly string[] {
    return this.values.getAll(name);
  }

  has(name: string): boolean {
    return this.values.has(name);
  }

  names(): readonly string[] {
    return [...new Set(this.values.keys())];
  }

  isChecked(name: string): boolean {
    return ['on', 'true', '1', 'yes'].includes(this.text(name));
  }
}

const maxJsonBytes = 5_000_000;
const maxFieldBytes = 2_000_000;
// Fields are held in memory, and anybody may send a form.
const maxFieldsBytes = 8_000_000;
const maxFields = 2000;
const maxFiles = 50;
const anonymousUploads = { hits: 40, windowMs: 3_600_000 };

/**
 * Reads a urlencoded or multipart body; files stream straight into the file store.
 *
 * @throws Invalid `http.body-too-large`, `files.too-large`, `http.body-unreadable`.
 */
export async function readForm(desk: Desk, ctx: Context): Promise<Form> {
  const values = new URLSearchParams();
  const type = ctx.get('Content-Type');
  if (!/^(multipart\/form-data|application\/x-www-form-urlencoded)\b/i.test(type)) return new Form(values, []);
  // Files are stored before the form is looked at, so whoever is not signed in gets only so many requests.
  if (ctx.state.actor === undefined && /^multipart/i.test(type)) await desk.throttle.hit(`upload:${ctx.ip}`, anonymousUploads);
  const { maxUploadMegabytes } = await desk.settings.get('tickets');
  const maxBytes = Number(maxUploadMegabytes) * 1_048_576;
  const stored: Promise<FileRecord & { field: string }>[] = [];
  let failure: Invalid | undefined;
  const parser = parserOf(ctx);
  let size = 0;
  parser.on('field', (name, value, info) => {
    size += value.length;
    if (info.valueTruncated || size > maxFieldsBytes) failure = new Invalid('http.body-too-large', { field: name });
    else values.append(name, value);
  });
  parser.on('file', (field, stream, info) => {
    if (!info.filename) {
      stream.resume();
      return;
    }
    const storing = storeUpload(desk, ctx, { field, stream, name: info.filename, contentType: info.mimeType, maxBytes });
    // A refused file must not leave the rest of the request unread.
    storing.catch(() => stream.resume());
    stored.push(storing);
  });
  parser.on('filesLimit', () => (failure = new Invalid('http.too-many-files', { max: maxFiles })));
  await new Promise<void>((resolve, reject) => {
    parser.once('close', resolve);
    parser.once('error', (cause) => reject(new Invalid('http.body-unreadable', {}, { cause })));
    ctx.req.once('aborted', () => {
      reject(new Invalid('http.body-unreadable'));
      // Ends the file that was on its way, whose half would else stay open and on disk.
      parser.destroy(new Error('The client went away.'));
    });
    ctx.req.pipe(parser);
  });
  const settled = await Promise.allSettled(stored);
  const refused = settled.find((one) => one.status === 'rejected');
  if (failure !== undefined) throw failure;
  if (refused !== undefined) throw refused.reason;
  return new Form(
    values,
    settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])),
  );
}

function parserOf(ctx: Context): busboy.Busboy {
  try {
    return busboy({
      headers: ctx.req.headers,
      defParamCharset: 'utf8',
      limits: { fieldSize: maxFieldBytes, fields: maxFields, files: maxFiles, fieldNameSize: 200 },
    });
  } catch (cause) {
    // A multipart body whose header names no boundary.
    throw new Invalid('http.body-unreadable', {}, { cause });
  }
}

/** Reads a JSON body of at most 5 MB. @throws Invalid `http.body-unreadable`. */
export async function readJson(ctx: Context): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of ctx.req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxJsonBytes) throw new Invalid('http.body-too-large', { maxBytes: maxJsonBytes });
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (cause) {
    throw new Invalid('http.body-unreadable', {}, { cause });
  }
}

interface Upload {
  readonly field: string;
  readonly stream: NodeJS.ReadableStream;
  readonly name: string;
  readonly contentType: string;
  readonly maxBytes: number;
}

async function storeUpload(desk: Desk, ctx: Context, upload: Upload): Promise<FileRecord & { field: string }> {
  const blob = await desk.files.put(upload.stream as Readable, upload.maxBytes);
  const file = await desk.storage.writeTx((tx) =>
    insertFile(tx, desk.clock, { ...blob, name: upload.name, contentType: upload.contentType, createdBy: ctx.state.actor?.userId ?? null }),
  );
  return { ...file, field: upload.field };
}
