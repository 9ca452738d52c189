import { createHash } from 'node:crypto';
import { Unavailable } from '../../kernel/errors.ts';
import type { GuardedFetch } from '../../net/index.ts';
import type { Provider } from './providers.ts';

/** What the provider gave out. `refreshToken` is absent when the one in use stays valid. */
export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  readonly lifeMs: number;
}

/** The provider no longer takes what we hold: a person has to sign in again. */
export class SignedOut extends Error {}

/** Changes the code that the browser brought back into tokens (RFC 6749 section 4.1.3, RFC 7636 section 4.5). */
export function redeemCode(
  fetch: GuardedFetch,
  provider: Provider,
  { code, verifier, redirectUri }: { readonly code: string; readonly verifier: string; readonly redirectUri: string },
): Promise<Tokens> {
  return ask(fetch, provider, { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: redirectUri });
}

/** Asks for a new access token. @throws SignedOut when the refresh token is no longer taken. */
export function refreshTokens(fetch: GuardedFetch, provider: Provider, refreshToken: string): Promise<Tokens> {
  return ask(fetch, provider, { grant_type: 'refresh_token', refresh_token: refreshToken });
}

export function codeChallenge(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url');
}

async function ask(fetch: GuardedFetch, provider: Provider, fields: Readonly<Record<string, string>>): Promise<Tokens> {
  const { clientId, clientSecret } = provider;
  const body = new URLSearchParams({
    ...fields,
    client_id: clientId,
    ...(clientSecret === undefined ? {} : { client_secret: clientSecret }),
  });
  const response = await fetch(provider.tokenUrl, { method: 'POST', body, headers: { Accept: 'application/json' } });
  const answer: unknown = await response.json().catch(() => undefined);
  const text = (name: string): string | undefined => {
    const value: unknown = typeof answer === 'object' && answer !== null ? Reflect.get(answer, name) : undefined;
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const accessToken = text('access_token');
  if (response.ok && accessToken !== undefined) {
    const seconds = Number(typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'expires_in') : 3600);
    return {
      accessToken,
      refreshToken: text('refresh_token'),
      lifeMs: (Number.isFinite(seconds) && seconds > 0 ? seconds : 3600) * 1000,
    };
  }
  const words = [text('error'), text('error_description')].filter(Boolean).join(': ').slice(0, 500) || `HTTP ${response.status}`;
  if (text('error') === 'invalid_grant') throw new SignedOut(words);
  throw new Unavailable('mail.sign-in-failed', { message: words });
}
