import { createRequire } from 'node:module';
import type { Server } from 'node:net';

/** An IMAP server in this process, for tests that need no more than mails that arrive; Dovecot is the real one. */
export interface ImapServer {
  readonly port: number;
  /** Accepted with any user. */
  readonly password: string;
  /** Puts mails into the inbox; clients that wait hear of them. */
  deliver(mails: readonly (Uint8Array | string)[]): void;
  close(): Promise<void>;
}

// The package has no types.
interface Hoodiecrow {
  readonly server: Server;
  listen(port: number, host: string, done: () => void): void;
  close(done: () => void): void;
  appendMessage(mailbox: string, flags: readonly string[], receivedAt: Date | undefined, raw: string): unknown;
}

const plugins = [
  'ID',
  'AUTH-PLAIN',
  'SASL-IR',
  'MOVE',
  'UIDPLUS',
  'NAMESPACE',
  'IDLE',
  'ENABLE',
  'CONDSTORE',
  'LITERALPLUS',
  'UNSELECT',
  'SPECIAL-USE',
];

/** Starts it on loopback, with INBOX and Sent, for `user`. */
export async function startImapServer(user = 'support'): Promise<ImapServer> {
  const hoodiecrow = createRequire(import.meta.url)('hoodiecrow-imap') as (options: object) => Hoodiecrow;
  const password = 'secret';
  const server = hoodiecrow({
    plugins,
    users: { [user]: { password } },
    storage: { INBOX: { messages: [] }, '': { separator: '/', folders: { Sent: { 'special-use': '\\Sent' } } } },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    password,
    deliver: (mails) => {
      for (const mail of mails)
        server.appendMessage('INBOX', [], undefined, typeof mail === 'string' ? mail : Buffer.from(mail).toString('binary'));
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
