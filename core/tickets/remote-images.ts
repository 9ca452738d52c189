import { imageTypeOf, isTinyImage } from '../files/index.ts';
import { NotFound } from '../kernel/errors.ts';
import { isSignatureOf, signatureOf } from '../kernel/signed.ts';
import { GuardedNetwork } from '../net/index.ts';

export interface RemoteImage {
  readonly type: string;
  readonly content: Buffer;
}

export interface RemoteImagesOptions {
  /** Key under which addresses are signed, so that only those in mails of the desk are fetched. */
  readonly key: () => Buffer;
  /** The way out, judged at connect time; a test gives one that may reach its own server. */
  readonly network?: GuardedNetwork;
}

const maxBytes = 5 * 1024 * 1024;
const timeoutMs = 5000;
const maxRedirects = 3;

/**
 * Fetches images of mails in place of the reader, whose address, cookies and referrer stay here (mail.md S4): public
 * addresses only, 5 MB and 5 s at most, and what comes must be an image by its own bytes that is large enough to be seen.
 */
export class RemoteImages {
  readonly #key: () => Buffer;
  readonly #network: GuardedNetwork;

  constructor({ key, network }: RemoteImagesOptions) {
    this.#key = key;
    this.#network = network ?? new GuardedNetwork({ uses: ['net:*'], privateHosts: [], maxBytes, timeoutMs });
  }

  /** The address under which the desk serves an image of a message. */
  addressOf(messageId: number, url: string): string {
    return `/desk/messages/${messageId}/images/${signatureOf(this.#key(), textOf(messageId, url))}?url=${encodeURIComponent(url)}`;
  }

  /** @throws NotFound `images.not-found` for a wrong signature and for everything that is no visible image. */
  async fetch(messageId: number, signature: string, url: string): Promise<RemoteImage> {
    if (!isSignatureOf(this.#key(), textOf(messageId, url), signature)) throw new NotFound('images.not-found');
    const content = await this.#load(url).catch((cause: unknown) => {
      // What the other side said, and whether there is one, is not for the reader to know.
      throw cause instanceof NotFound ? cause : new NotFound('images.not-found', {}, { cause });
    });
    const type = imageTypeOf(content);
    if (type === undefined || isTinyImage(content)) throw new NotFound('images.not-found');
    return { type, content };
  }

  async close(): Promise<void> {
    await this.#network.close();
  }

  async #load(address: string): Promise<Buffer> {
    let url = new URL(address);
    const signal = AbortSignal.timeout(timeoutMs);
    for (let hop = 0; hop <= maxRedirects; hop += 1) {
      url.username = '';
      url.password = '';
      const answer = await this.#network.fetch(url, {
        signal,
        headers: { Accept: 'image/png,image/jpeg,image/gif,image/webp', 'Accept-Encoding': 'identity' },
      });
      const next = answer.headers.get('Location');
      if (answer.status >= 300 && answer.status < 400 && next !== null) {
        await answer.body?.cancel();
        url = new URL(next, url);
      } else if (answer.ok && Number(answer.headers.get('Content-Length') ?? 0) <= maxBytes) {
        return Buffer.from(await answer.arrayBuffer());
      } else {
        await answer.body?.cancel();
        throw new NotFound('images.not-found');
      }
    }
    throw new NotFound('images.not-found');
  }
}

function textOf(messageId: number, url: string): string {
  return `${messageId}|${url}`;
}
