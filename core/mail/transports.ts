import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import nodemailer, { type Transporter } from 'nodemailer';
import { Invalid, Unavailable } from '../kernel/errors.ts';
import { resolveHost } from '../net/index.ts';
import type { Transport } from './types.ts';

export interface Credentials extends Transport {
  readonly password?: string | undefined;
}

/** Open connections to SMTP servers, one per server and account, kept for a few mails. */
export class Transports {
  private readonly open = new Map<string, Transporter>();

  /** @throws Invalid `mail.host-private` when a host typed in a browser points into the local network. */
  async get(server: Credentials): Promise<Transporter> {
    const key = createHash('sha256').update(JSON.stringify(server)).digest('hex');
    const known = this.open.get(key);
    if (known !== undefined) return known;
    const transporter = await createTransporter(server, true);
    this.open.set(key, transporter);
    return transporter;
  }

  close(): void {
    for (const transporter of this.open.values()) transporter.close();
    this.open.clear();
  }
}

/** One transporter; with `isPooled` it keeps its connection for a while, with `dialogue` it writes down what is said. */
async function createTransporter(server: Credentials, isPooled: boolean, dialogue?: DialogueLine[]): Promise<Transporter> {
  const { address, isPrivate } = await resolveHost(server.host);
  if (isPrivate && server.isOperators !== true) throw new Invalid('mail.host-private', { host: server.host });
  const options = {
    // The very address that was judged is connected to: a name could lead elsewhere a moment later.
    host: address,
    port: server.port,
    secure: server.encryption === 'tls',
    // Passwords and mail cross only private networks in the clear, and only where the server offers nothing better.
    requireTLS: server.encryption === 'starttls' || (server.encryption === 'auto' && !isPrivate),
    tls: { ...(isIP(server.host) === 0 ? { servername: server.host } : {}), ...(isPrivate ? { rejectUnauthorized: false } : {}) },
    ...(server.user === undefined ? {} : { auth: { user: server.user, pass: server.password ?? '' } }),
    connectionTimeout: 20_000,
    greetingTimeout: 20_000,
    socketTimeout: 120_000,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(dialogue === undefined ? {} : { logger: dialogueLogger(dialogue), debug: true }),
  };
  return isPooled
    ? nodemailer.createTransport({ ...options, pool: true, maxConnections: 1, maxMessages: 100 })
    : nodemailer.createTransport(options);
}

/** One line of what we and the server said; what would tell a password is left out. */
export interface DialogueLine {
  readonly from: 'us' | 'server';
  readonly line: string;
}

/**
 * Connects and signs in as sending would, and returns what was said.
 *
 * @throws Unavailable `mail.connection-failed` with the server's words, and the dialogue in its details.
 */
export async function testTransport(server: Credentials): Promise<readonly DialogueLine[]> {
  const dialogue: DialogueLine[] = [];
  const transporter = await createTransporter(server, false, dialogue);
  try {
    await transporter.verify();
    return dialogue;
  } catch (error) {
    throw new Unavailable(
      'mail.connection-failed',
      { host: server.host, port: server.port, message: error instanceof Error ? error.message : String(error), dialogue },
      { cause: error },
    );
  } finally {
    transporter.close();
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
