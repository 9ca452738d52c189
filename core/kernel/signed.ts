import { createHmac, timingSafeEqual } from 'node:crypto';

/** HMAC-SHA-256 of a text, base64url. */
export function signatureOf(key: Buffer, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64url');
}

/** Whether this is the signature of the text; takes as long whatever differs. */
export function isSignatureOf(key: Buffer, text: string, given: string): boolean {
  const [sent, wanted] = [Buffer.from(given), Buffer.from(signatureOf(key, text))];
  return sent.length === wanted.length && timingSafeEqual(sent, wanted);
}
