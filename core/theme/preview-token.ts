import type { Timestamp } from '../kernel/clock.ts';
import { isSignatureOf, signatureOf } from '../kernel/signed.ts';

/** Lets one session look at one theme for a while. The values are in that person's draft; nothing else can be reached by it. */
export interface PreviewGrant {
  readonly theme: string;
  readonly sessionId: number;
  readonly userId: number;
  readonly expiresAt: Timestamp;
}

const lifeMs = 4 * 3_600_000;

export function issuePreview(key: Buffer, grant: Omit<PreviewGrant, 'expiresAt'>, now: Timestamp): string {
  const body = Buffer.from(JSON.stringify({ ...grant, expiresAt: now + lifeMs })).toString('base64url');
  return `${body}.${signatureOf(key, body)}`;
}

/** What the token grants to this session; nothing when it is forged, old or another session's. */
export function readPreview(key: Buffer, token: string, session: { readonly id: number }, now: Timestamp): PreviewGrant | undefined {
  const [body = '', signed = '', ...more] = token.split('.');
  if (more.length > 0 || !isSignatureOf(key, body, signed)) return undefined;
  const grant = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as PreviewGrant;
  return grant.expiresAt > now && grant.sessionId === session.id ? grant : undefined;
}
