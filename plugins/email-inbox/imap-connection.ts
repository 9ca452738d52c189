import { lookup } from 'node:dns/promises';
import { ImapFlow, type SearchObject } from 'imapflow';
import { AppError, Invalid, isPrivateHost, reasonOf, theirReason, Unavailable } from '@helpdesk/core/plugin';

/** An IMAP server with the account's password. */
export interface ImapServer {
  readonly host: string;
  readonly port: number;
  readonly encryption: 'tls' | 'starttls' | 'auto';
  readonly user: string | null;
  readonly password: string | undefined;
  /** In the place of a password, where the mailbox signed in at its provider. */
  readonly accessToken?: string | undefined;
  /** Given on the command line, so it may be private; one typed in a browser may where `privateHosts` names it. */
  readonly isOperators: boolean;
}

/** One line of the talk with a server; passwords are not in it. */
export interface DialogueLine {
  readonly from: 'us' | 'server';
  readonly line: string;
}

/** Milliseconds a command may take before the connection is given up; imapflow's promises can stay open for ever. */
const commandMs = 30_000;
const maxLiteral = 260 * 1024 * 1024;

export interface OpenOptions {
  /** Gets the talk with the server. */
  readonly dialogue?: DialogueLine[] | undefined;
  /** Aborted, it closes the connection, also one that is being opened. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Connects and signs in. The connection closes itself on any error; whoever holds it listens for `close`.
 *
 * @throws Invalid `mail.host-private`, Unavailable `email-inbox.connection-failed` with the server's words.
 */
export async function openImap(server: ImapServer, { dialogue, signal }: OpenOptions = {}): Promise<ImapFlow> {
  const isPrivate = await isPrivateHost(server.host);
  if (isPrivate && !server.isOperators) throw new Invalid('mail.host-private', { host: server.host });
  const address = server.isOperators ? server.host : await publicAddress(server.host);
  const client = new ImapFlow({
    host: address,
    servername: server.host,
    port: server.port,
    secure: server.encryption === 'tls',
    // Plain text crosses private networks only, and only where the server offers nothing better.
    ...(server.encryption === 'starttls' || (server.encryption === 'auto' && !isPrivate) ? { doSTARTTLS: true } : {}),
    ...(isPrivate ? { tls: { rejectUnauthorized: false } } : {}),
    auth:
      server.accessToken === undefined
        ? { user: server.user ?? '', pass: server.password ?? '' }
        : { user: server.user ?? '', accessToken: server.accessToken },
    clientInfo: { name: 'helpdesk' },
    logger: dialogue === undefined ? false : recorder(dialogue),
    connectionTimeout: 20_000,
    greetingTimeout: 20_000,
    socketTimeout: 120_000,
    maxIdleTime: 9 * 60_000,
    autoIdleDelay: 200,
    maxLiteralSize: maxLiteral,
    maxResponseSize: 2 * maxLiteral,
  });
  // Without a listener an error of the socket would end the process; the command in flight rejects by itself.
  client.on('error', () => client.close());
  const close = (): void => client.close();
  signal?.addEventListener('abort', close, { once: true });
  client.once('close', () => signal?.removeEventListener('abort', close));
  try {
    signal?.throwIfAborted();
    await within(client, 'sign in', client.connect(), 60_000);
    return client;
  } catch (cause) {
    client.close();
    if (cause instanceof AppError) throw cause;
    throw new Unavailable(
      'email-inbox.connection-failed',
      { host: server.host, port: server.port, isRefused: isRefusal(cause), message: wordsOf(cause) },
      { cause },
    );
  }
}

/**
 * Runs one command under our own deadline; a late one costs the connection, one that the server refuses does not.
 *
 * @throws Unavailable `email-inbox.timeout`
 */
export async function within<T>(client: ImapFlow, what: string, work: Promise<T>, ms = commandMs): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let onClose: (() => void) | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new Unavailable('email-inbox.timeout', {
            what,
            seconds: Math.round(ms / 1000),
            message: `The server did not finish "${what}" within ${Math.round(ms / 1000)} seconds.`,
          }),
        ),
      ms,
    );
    onClose = () => reject(new Unavailable('email-inbox.closed', { message: `The connection closed during "${what}".` }));
    client.once('close', onClose);
  });
  work.catch(() => undefined);
  try {
    return await Promise.race([work, limit]);
  } catch (error) {
    if (!isAnswer(error)) client.close();
    throw error;
  } finally {
    clearTimeout(timer);
    if (onClose !== undefined) client.off('close', onClose);
  }
}

/** Uids of a search, lowest first. @throws Unavailable `email-inbox.search-refused`: a search that is refused has not found nothing. */
export async function searchUids(client: ImapFlow, query: SearchObject): Promise<readonly number[]> {
  const found = await within(client, 'SEARCH', client.search(query, { uid: true }));
  if (!Array.isArray(found)) throw new Unavailable('email-inbox.search-refused', { message: 'The server refused to search the folder.' });
  return found;
}

/** Whether the server refused a command: NO and BAD end it and leave the line as it was (RFC 3501 section 7.1). */
export function isAnswer(error: unknown): boolean {
  return ['NO', 'BAD'].includes(textAt(error, 'responseStatus') ?? '');
}

// What the server said, else what the error says.
function wordsOf(error: unknown): string {
  const told = ['response', 'responseText', 'serverResponseCode'].map((key) => textAt(error, key)).find((text) => text !== undefined);
  const message = textAt(error, 'message') ?? String(error);
  return (told === undefined || message.includes(told) ? message : told.trim()).slice(0, 1000);
}

// RFC 5530: what speaks of the account, whatever the sentence beside it says.
const refusals = new Set(['AUTHENTICATIONFAILED', 'AUTHORIZATIONFAILED', 'EXPIRED', 'PRIVACYREQUIRED', 'CONTACTADMIN']);
// Also RFC 5530, and a word of some providers: the server is busy or broken, which says nothing about the account.
const passing = new Set(['UNAVAILABLE', 'INUSE', 'LIMIT', 'SERVERBUG', 'THROTTLED']);
const passingWords = /too many|temporar|try (?:again|later)|rate limit/i;

/**
 * Whether the account is refused, so that trying again soon would only lock it. imapflow calls everything a failed
 * sign-in that happens during one, a broken connection and a busy server too; those pass by themselves.
 */
export function isRefusal(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  if ('authenticationFailed' in error && error.authenticationFailed === true) {
    const [status, code] = [textAt(error, 'responseStatus'), textAt(error, 'serverResponseCode') ?? ''];
    // Without an answer it is the line that broke, or imapflow itself that saw no way to sign in.
    if (status === undefined) return textAt(error, 'code') === undefined;
    return status === 'NO' && (refusals.has(code) || !(passing.has(code) || passingWords.test(textAt(error, 'response') ?? '')));
  }
  return (
    'details' in error &&
    typeof error.details === 'object' &&
    error.details !== null &&
    'isRefused' in error.details &&
    error.details.isRefused === true
  );
}

/** Why a mailbox could not be read, as it is stored. */
export function explain(error: unknown): string {
  return error instanceof AppError ? reasonOf(error) : theirReason(wordsOf(error));
}

function textAt(error: unknown, key: string): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const value: unknown = Reflect.get(error, key);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

// The name is resolved once and the address checked and used, so that a second answer cannot lead into the local network.
async function publicAddress(host: string): Promise<string> {
  const { address } = await lookup(host).catch((cause: unknown) => {
    throw new Unavailable(
      'email-inbox.connection-failed',
      { host, message: cause instanceof Error ? cause.message : String(cause) },
      { cause },
    );
  });
  if (await isPrivateHost(address)) throw new Invalid('mail.host-private', { host });
  return address;
}

function recorder(dialogue: DialogueLine[]) {
  const note = (entry: unknown): void => {
    const [src, msg] = [textAt(entry, 'src'), textAt(entry, 'msg')];
    if (msg !== undefined && (src === 's' || src === 'c') && dialogue.length < 200)
      dialogue.push({ from: src === 's' ? 'server' : 'us', line: msg.slice(0, 500) });
  };
  return { trace: note, debug: note, info: note, warn: note, error: note };
}
