import { isIP } from 'node:net';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import XOAuth2 from 'nodemailer/lib/xoauth2';
import { Invalid } from '../kernel/errors.ts';
import { resolveHost } from '../net/index.ts';
import type { Transport } from './types.ts';

/** A server with what it takes to sign in there. */
export interface Credentials extends Transport {
  readonly password?: string | undefined;
  /** In the place of a password, where the provider gives one out after a sign-in in the browser. */
  readonly accessToken?: string | undefined;
}

/** One line of what we and the server said; what would tell a password is left out. */
export interface DialogueLine {
  readonly from: 'us' | 'server';
  readonly line: string;
}

/**
 * Connects and signs in.
 *
 * @throws Invalid `mail.host-private` when a host typed in a browser points into the local network; else the error of the connection.
 */
export async function openSmtp(server: Credentials, limitMs: number, dialogue?: DialogueLine[]): Promise<SMTPConnection> {
  const { address, isPrivate } = await resolveHost(server.host);
  if (isPrivate && server.isOperators !== true) throw new Invalid('mail.host-private', { host: server.host });
  const connection = new SMTPConnection({
    // The very address that was judged is connected to: a name could lead elsewhere a moment later.
    host: address,
    port: server.port,
    secure: server.encryption === 'tls',
    // Passwords and mail cross only private networks in the clear, and only where the server offers nothing better.
    requireTLS: server.encryption === 'starttls' || (server.encryption === 'auto' && !isPrivate),
    tls: { ...(isIP(server.host) === 0 ? { servername: server.host } : {}), ...(isPrivate ? { rejectUnauthorized: false } : {}) },
    connectionTimeout: 20_000,
    greetingTimeout: 20_000,
    socketTimeout: 120_000,
    socketCloseTimeout: 1000,
    ...(dialogue === undefined ? {} : { logger: dialogueLogger(dialogue), transactionLog: true }),
  });
  // Whatever a broken connection says later has nobody to listen; without a listener it would end the process.
  connection.on('error', () => undefined);
  const user = server.user;
  await withinLimit(connection, limitMs, async () => {
    await settled(connection, (done) => connection.connect((error) => done(error ?? null)));
    if (user === undefined) return;
    const auth =
      server.accessToken === undefined
        ? { user, credentials: { user, pass: server.password ?? '' } }
        : { user, method: 'XOAUTH2', oauth2: new XOAuth2({ user, accessToken: server.accessToken }) };
    await settled(connection, (done) => connection.login(auth, (error) => done(error)));
  });
  return connection;
}

/** Turns a callback into a promise that also ends when the connection does. */
export function settled<T = void>(connection: SMTPConnection, run: (done: (error: Error | null, value?: T) => void) => void): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const fail = (error: Error): void => finish(error);
    const end = (): void => finish(Object.assign(new Error('Connection closed'), { code: 'ECONNECTION', command: 'CONN' }));
    const finish = (error: Error | null, value?: T): void => {
      connection.off('error', fail);
      connection.off('end', end);
      if (error === null) resolve(value as T);
      else reject(error);
    };
    connection.once('error', fail);
    connection.once('end', end);
    run(finish);
  });
}

/** A server that answers a byte a second never runs into a timeout of silence: the whole has a limit, too. */
export async function withinLimit<T>(connection: SMTPConnection, limitMs: number, work: () => Promise<T>): Promise<T> {
  const timer = setTimeout(() => connection.close(), limitMs);
  try {
    return await work();
  } catch (error) {
    connection.close();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

// Nodemailer logs each line with who said it; AUTH lines come with their secret struck out already.
function dialogueLogger(dialogue: DialogueLine[]) {
  const note = (entry: unknown, ...words: readonly unknown[]): void => {
    if (typeof entry !== 'object' || entry === null || !('tnx' in entry) || (entry.tnx !== 'client' && entry.tnx !== 'server')) return;
    const [pattern = '', ...values] = words.map(String);
    const line = values.reduce((text, value) => text.replace(/%[sdj]/, () => value), pattern);
    for (const one of line.split(/\r?\n/))
      if (one.trim() !== '') dialogue.push({ from: entry.tnx === 'client' ? 'us' : 'server', line: one.slice(0, 300) });
  };
  return { level: () => undefined, trace: note, debug: note, info: note, warn: note, error: note, fatal: note };
}
