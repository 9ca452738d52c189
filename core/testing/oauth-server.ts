import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';

/** An authorization server on loopback that rotates refresh tokens, as RFC 9700 section 4.14 has it. */
export interface OAuthServer {
  readonly url: string;
  /** Milliseconds an access token lives; told to the client in seconds. */
  lifeMs: number;
  /** Grants that were refused, with why. */
  readonly refused: string[];
  /** How often tokens were given out for a refresh token. */
  readonly refreshes: number;
  /** Answers to refreshes are kept back until it is settled. */
  hold: Promise<void> | undefined;
  /** Whether an access token was given out and has not run out. */
  isValid(accessToken: string): boolean;
  /** Takes back everything that was given out. */
  revokeAll(): void;
  close(): Promise<void>;
}

export interface OAuthServerOptions {
  readonly now: () => number;
  readonly clientId?: string;
  readonly clientSecret?: string;
  /** Whose mailbox the tokens open. */
  readonly account?: string;
}

interface Grant {
  readonly challenge: string;
  readonly redirectUri: string;
}

/**
 * Starts it. `GET /authorize` agrees at once and sends the browser back. A refresh token is good until the one that
 * replaced it is used, so that a client which died before it could keep the new one is not locked out; one older than
 * that is theft, and everything is taken back. `POST /introspect` answers Dovecot.
 */
export async function startOAuthServer({
  now,
  clientId = 'desk',
  clientSecret = 'desk-secret',
  account = 'support@desk.example',
}: OAuthServerOptions): Promise<OAuthServer> {
  const codes = new Map<string, Grant>();
  const access = new Map<string, number>();
  let [current, previous]: [string | undefined, string | undefined] = [undefined, undefined];
  const state = { lifeMs: 3_600_000, refused: [] as string[], refreshes: 0, hold: undefined as Promise<void> | undefined };

  const give = (): object => {
    const token = randomBytes(24).toString('base64url');
    access.set(token, now() + state.lifeMs);
    current = randomBytes(24).toString('base64url');
    return { access_token: token, token_type: 'Bearer', expires_in: Math.floor(state.lifeMs / 1000), refresh_token: current };
  };
  const revoke = (): void => {
    access.clear();
    [current, previous] = [undefined, undefined];
  };
  const refuse = (error: string, why: string): [number, object] => {
    state.refused.push(why);
    return [400, { error, error_description: why }];
  };
  const token = (fields: URLSearchParams): [number, object] => {
    const field = (name: string): string => fields.get(name) ?? '';
    if (field('client_id') !== clientId || field('client_secret') !== clientSecret) return refuse('invalid_client', 'unknown client');
    if (field('grant_type') === 'authorization_code') {
      const grant = codes.get(field('code'));
      codes.delete(field('code'));
      const challenge = createHash('sha256').update(field('code_verifier')).digest('base64url');
      if (grant?.challenge !== challenge || grant.redirectUri !== field('redirect_uri')) return refuse('invalid_grant', 'code or verifier');
      return [200, give()];
    }
    const given = field('refresh_token');
    if (given === '' || (given !== current && given !== previous)) {
      revoke();
      return refuse('invalid_grant', 'refresh token used twice or revoked');
    }
    state.refreshes += 1;
    previous = given;
    return [200, give()];
  };
  const server = createServer((request, response) => {
    void body(request).then(async (text) => {
      const url = new URL(request.url ?? '/', 'http://localhost');
      const fields = new URLSearchParams(text);
      if (url.pathname === '/authorize') {
        const code = randomBytes(16).toString('base64url');
        const redirectUri = url.searchParams.get('redirect_uri') ?? '';
        codes.set(code, { challenge: url.searchParams.get('code_challenge') ?? '', redirectUri });
        const back = new URL(redirectUri);
        back.searchParams.set('code', code);
        back.searchParams.set('state', url.searchParams.get('state') ?? '');
        response.writeHead(302, { Location: back.href }).end();
        return;
      }
      const isActive = isValid(fields.get('token') ?? '');
      const [status, answer] =
        url.pathname === '/introspect' ? [200, isActive ? { active: true, username: account } : { active: false }] : token(fields);
      if (fields.get('grant_type') === 'refresh_token') await state.hold;
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer));
    });
  });
  const isValid = (one: string): boolean => (access.get(one) ?? 0) > now();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return Object.assign(state, {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    isValid,
    revokeAll: revoke,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  });
}

async function body(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
