import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import nodemailer, { type Transporter } from 'nodemailer';
import { Invalid, Unavailable } from '../kernel/errors.ts';
import { resolveHost } from './server-url.ts';
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

/** One transporter; with `isPooled` it keeps its connection for a while. */
export async function createTransporter(server: Credentials, isPooled: boolean): Promise<Transporter> {
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
  };
  return isPooled
    ? nodemailer.createTransport({ ...options, pool: true, maxConnections: 1, maxMessages: 100 })
    : nodemailer.createTransport(options);
}

/** @throws Unavailable `mail.connection-failed` with the server's words. */
export async function testTransport(server: Credentials): Promise<void> {
  const transporter = await createTransporter(server, false);
  try {
    await transporter.verify();
  } catch (error) {
    throw new Unavailable(
      'mail.connection-failed',
      { host: server.host, port: server.port, message: error instanceof Error ? error.message : String(error) },
      { cause: error },
    );
  } finally {
    transporter.close();
  }
}
