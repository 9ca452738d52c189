import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { freePort } from '../net/index.ts';
import { greets } from './greeting.ts';
import { until } from './until.ts';

const program = '/usr/sbin/dovecot';

/** A real IMAP server on loopback: any user, password `secret`, folders INBOX, Processed and Sent. */
export interface Dovecot {
  readonly port: number;
  /** Folder of the mails of a user, in Maildir format. */
  maildir(user: string): string;
  /** Puts mails into the inbox of a user as a delivery agent does. */
  deliver(user: string, mails: readonly Uint8Array[]): void;
  close(): Promise<void>;
}

/**
 * For mocha's `before` of tests that start Dovecot: where it is missing they are skipped with a clear line; with
 * `CI=true` it is required, so a run that should have tested against it fails instead.
 *
 * @throws Error when it is missing and `CI` is `true`.
 */
export function needsDovecot(this: { skip(): void }): void {
  if (existsSync(program)) return;
  if (process.env['CI'] === 'true') throw new Error(`${program} is not installed, and CI=true requires it.`);
  process.stdout.write(`Skipped: ${program} is not installed.\n`);
  this.skip();
}

export interface DovecotOptions {
  /** What the server says it can do, to test without an extension such as MOVE; default everything it can. */
  readonly capability?: string | undefined;
  /** Also lets tokens in (XOAUTH2), and asks this address of an authorization server about them. */
  readonly introspectionUrl?: string | undefined;
}

/** Starts a throw-away Dovecot; as root it runs as `nobody`, as anybody else under that account. */
export async function startDovecot({ capability, introspectionUrl }: DovecotOptions = {}): Promise<Dovecot> {
  const base = mkdtempSync(path.join(tmpdir(), 'helpdesk-dovecot-'));
  const port = await freePort();
  const isRoot = process.getuid?.() === 0;
  const account = isRoot
    ? { user: 'nobody', group: 'nogroup', uid: 65_534, gid: 65_534 }
    : { user: userInfo().username, group: String(process.getgid?.() ?? 0), uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  for (const folder of ['', 'run', 'mail']) {
    mkdirSync(path.join(base, folder), { recursive: true });
    chmodSync(path.join(base, folder), 0o755);
    if (isRoot) chownSync(path.join(base, folder), account.uid, account.gid);
  }
  if (introspectionUrl !== undefined) writeFileSync(path.join(base, 'oauth2.conf'), tokenConfiguration(introspectionUrl));
  writeFileSync(
    path.join(base, 'dovecot.conf'),
    configuration(base, port, { ...account, capability, takesTokens: introspectionUrl !== undefined }),
  );
  const command = isRoot ? ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups', program] : [program];
  const child = spawn(command[0] ?? program, [...command.slice(1), '-F', '-c', path.join(base, 'dovecot.conf')], { stdio: 'ignore' });
  await greeting(port, child);
  let delivered = 0;
  return {
    port,
    maildir: (user) => path.join(base, 'mail', user),
    deliver(user, mails) {
      const inbox = path.join(base, 'mail', user);
      for (const folder of ['', 'new', 'cur', 'tmp']) {
        mkdirSync(path.join(inbox, folder), { recursive: true });
        if (isRoot) chownSync(path.join(inbox, folder), account.uid, account.gid);
      }
      for (const mail of mails) {
        delivered += 1;
        const name = `${1_700_000_000 + delivered}.M${delivered}P${process.pid}.test`;
        const staging = path.join(inbox, 'tmp', name);
        writeFileSync(staging, mail);
        if (isRoot) chownSync(staging, account.uid, account.gid);
        // Whole and at once, as Maildir asks: the server takes a mail out of `new` as soon as it sees it.
        renameSync(staging, path.join(inbox, 'new', name));
      }
    },
    async close() {
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await new Promise((resolve) => child.once('exit', resolve));
      rmSync(base, { recursive: true, force: true });
    },
  };
}

async function greeting(port: number, child: ChildProcess): Promise<void> {
  await until(() => {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('Dovecot did not start.');
    return greets(port);
  });
}

function configuration(
  base: string,
  port: number,
  {
    user,
    group,
    uid,
    gid,
    capability,
    takesTokens,
  }: { user: string; group: string; uid: number; gid: number; capability: string | undefined; takesTokens: boolean },
): string {
  return `
base_dir = ${base}/run
state_dir = ${base}/run
log_path = ${base}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = ${user}
default_internal_group = ${group}
default_login_user = ${user}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:${base}/mail/%u
mail_max_userip_connections = 1000
auth_failure_delay = 0
${capability === undefined ? '' : `imap_capability = ${capability}`}
auth_mechanisms = plain${takesTokens ? ' xoauth2' : ''}
${takesTokens ? `passdb {\n  driver = oauth2\n  mechanisms = xoauth2\n  args = ${base}/oauth2.conf\n}` : ''}
passdb {
  driver = static
  mechanisms = plain
  args = password=secret
}
userdb {
  driver = static
  args = uid=${uid} gid=${gid} home=${base}/mail/%u
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
service imap-login {
  chroot =
  inet_listener imap {
    address = 127.0.0.1
    port = ${port}
  }
  inet_listener imaps {
    port = 0
  }
}
namespace inbox {
  inbox = yes
  separator = /
  mailbox Processed {
    auto = create
  }
  mailbox Sent {
    auto = create
    special_use = \\Sent
  }
}
`;
}

function tokenConfiguration(introspectionUrl: string): string {
  return `
introspection_mode = post
introspection_url = ${introspectionUrl}
username_attribute = username
active_attribute = active
active_value = true
`;
}
