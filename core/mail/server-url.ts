import { Invalid } from '../kernel/errors.ts';
import type { Encryption } from './types.ts';

export interface MailServer {
  readonly protocol: 'imap' | 'smtp';
  readonly host: string;
  readonly port: number;
  readonly encryption: Encryption;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

const defaultPorts: Readonly<Record<string, number>> = { 'imap:': 143, 'imaps:': 993, 'smtp:': 587, 'smtps:': 465 };

/**
 * Reads `imap[s]://user:password@host:port` or `smtp[s]://...`; user and password are percent-encoded.
 *
 * @throws Invalid `mail.server-url-invalid`; the password is not repeated in the error.
 */
export function parseServerUrl(text: string, protocol: 'imap' | 'smtp'): MailServer {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const port = url === undefined ? undefined : Number(url.port) || defaultPorts[url.protocol];
  if (url === undefined || port === undefined || !url.protocol.startsWith(protocol) || url.hostname === '')
    throw new Invalid('mail.server-url-invalid', { protocol });
  return {
    protocol,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port,
    encryption: url.protocol.endsWith('s:') ? 'tls' : 'auto',
    ...(url.username === '' ? {} : { user: decodeURIComponent(url.username) }),
    ...(url.password === '' ? {} : { password: decodeURIComponent(url.password) }),
  };
}
