import path from 'node:path';
import { Readable } from 'node:stream';
import { createTestDesk, startSmtpSink, type SmtpSink, type TestDesk, type TestDeskOptions } from '@helpdesk/core/testing';

/** The folder that holds this plugin's folder. */
export const pluginFolder = path.resolve(import.meta.dirname, '../../../..');

/** What the tests look at of a mail row. */
export interface MailRow {
  readonly id: number;
  readonly state: string;
  readonly kind: string | null;
  readonly reason: string | null;
  readonly attempts: number;
  readonly ticket_id: number | null;
  readonly message_id: number | null;
  readonly dup_of: number | null;
  readonly differs: boolean | number;
  readonly sha256: string;
}

/** What the tests look at of a mail that leaves. */
export interface QueuedMail {
  readonly id: number;
  readonly kind: string;
  readonly state: string;
  readonly subject: string;
  readonly message_id: string;
  readonly headers: string;
  readonly envelope: string;
  readonly error: string | null;
  readonly may_be_doubled: boolean | number;
}

export interface Inbox {
  readonly desk: TestDesk;
  readonly mailboxId: number;
  /** Adds a mailbox that sends through the port, or nowhere. */
  addMailbox(address: string, smtpPort?: number): Promise<number>;
  /** Lets the mailbox receive, as a paused one unless a column says otherwise. */
  addReceiver(columns?: Readonly<Record<string, unknown>>): Promise<void>;
  /** Lets the mailbox receive all mail of a Dovecot on loopback, as the account `help`. */
  receivesFrom(port: number, columns?: Readonly<Record<string, unknown>>): Promise<void>;
  /** An answer of can in the ticket, and what became of its mail. */
  answer(ticketId: number | null, text?: string): Promise<QueuedMail>;
  /** Lets can get a mail for each new ticket, which nobody does by default. */
  mailsNewTickets(): Promise<void>;
  /** Runs a command of the plugin. */
  command(name: string, args?: readonly string[], options?: Readonly<Record<string, string | true>>, stdin?: Uint8Array): Promise<unknown>;
  /** Takes in one raw mail by `mail pipe`, runs the jobs, and returns its row. */
  receive(raw: Uint8Array | string, mailbox?: string): Promise<MailRow>;
  mails(): Promise<readonly MailRow[]>;
  messages(ticketId: number): Promise<
    readonly {
      id: number;
      text: string;
      html: string | null;
      origin: string;
      direction: string;
      kind: string;
      flags: string;
      folds: string;
      addresses: string;
      author_id: number | null;
    }[]
  >;
  ticket(
    id: number | null,
  ): Promise<{ id: number; number: number; subject: string; category: string; place: string; requester_id: number; message_count: number }>;
  /** Kind, recipients and headers of what the desk queued, oldest first. */
  outbox(): Promise<readonly QueuedMail[]>;
}

/** A desk with this plugin and the mailbox support@desk.example. */
export async function createInbox(
  options: TestDeskOptions & { readonly smtpPort?: number | undefined; readonly address?: string } = {},
): Promise<Inbox> {
  const { smtpPort, address = 'support@desk.example', ...rest } = options;
  const desk = await createTestDesk({ pluginFolders: [pluginFolder], ...rest });
  const inbox = inboxOf(desk);
  const mailboxId = rest.beside === undefined ? await inbox.addMailbox(address, smtpPort) : 0;
  const own = (columns?: Readonly<Record<string, unknown>>) => ({ mailbox_id: mailboxId, ...columns });
  return {
    ...inbox,
    mailboxId,
    addReceiver: (columns) => inbox.addReceiver(own(columns)),
    receivesFrom: (port, columns) => inbox.receivesFrom(port, own(columns)),
  };
}

/** A desk whose mailbox sends to `sink`. `close` ends the desk first: a server waits for the connections that it keeps. */
export async function createSendingInbox(): Promise<{ readonly inbox: Inbox; readonly sink: SmtpSink; close(): Promise<void> }> {
  const sink = await startSmtpSink();
  const inbox = await createInbox({ smtpPort: sink.port });
  const close = async (): Promise<void> => {
    await inbox.desk.close();
    await sink.close();
  };
  return { inbox, sink, close };
}

function inboxOf(desk: TestDesk): Omit<Inbox, 'mailboxId'> {
  const read = desk.storage.read;
  const inbox: Omit<Inbox, 'mailboxId'> = {
    desk,
    async addMailbox(address, smtpPort) {
      const now = desk.clock.now();
      const transport = smtpPort === undefined ? {} : { host: '127.0.0.1', port: smtpPort, encryption: 'auto', isOperators: true };
      const [row] = await desk.storage.writeTx((tx) =>
        tx('mailboxes')
          .insert({
            name: 'Support',
            address,
            address_key: address,
            transport: JSON.stringify(transport),
            created_at: now,
            updated_at: now,
          })
          .returning('id'),
      );
      return Number(row.id);
    },
    async addReceiver(columns) {
      const row = { host: 'h', port: 1, encryption: 'tls', state: 'paused', since_at: 0, created_at: 0, updated_at: 0, ...columns };
      await desk.storage.writeTx((tx) => tx('p_email_receivers').insert(row));
    },
    async receivesFrom(port, columns = {}) {
      const server = { host: '127.0.0.1', port, encryption: 'auto', user: 'help', is_operators: true, state: 'active' };
      await inbox.addReceiver({ ...server, ...columns });
      const secret = `mailbox:${String(columns['mailbox_id'])}:imap`;
      await desk.storage.writeTx((tx) => desk.app.desk.secrets.set(tx, 'email-inbox', secret, 'secret'));
    },
    async answer(ticketId, text = 'It is out.') {
      const message = await desk.as('can').reply(ticketId ?? 0, { kind: 'reply', text });
      await desk.settle();
      return read('outbox').where({ message_ref: message.id }).first();
    },
    async mailsNewTickets() {
      const preferences = JSON.stringify({ notifications: { 'new-ticket': { inApp: true, byMail: true } } });
      await desk.storage.writeTx((tx) => tx('users').where({ id: desk.people.can.id }).update({ preferences }));
    },
    async command(name, args = [], given = {}, stdin = new Uint8Array()) {
      const command = desk.app.plugins.snapshot.all('cli').find(({ value }) => value.name === name);
      if (command === undefined) throw new Error(`There is no command ${name}.`);
      return command.value.run({
        args,
        options: given,
        actor: { kind: 'system' },
        stdin: Readable.from([Buffer.from(stdin)]),
        say: () => undefined,
      });
    },
    async receive(raw, mailbox) {
      await inbox.command('mail pipe', [], mailbox === undefined ? {} : { mailbox }, Buffer.from(raw));
      await desk.settle();
      const row = (await inbox.mails()).at(-1);
      if (row === undefined) throw new Error('The mail was not stored.');
      return row;
    },
    mails: () => read('p_email_mails').orderBy('id'),
    messages: (ticketId) => read('messages').where({ ticket_id: ticketId }).orderBy('id'),
    ticket: (id) => read('tickets').where({ id }).first(),
    outbox: () => read('outbox').orderBy('id'),
  };
  return inbox;
}

/** A mail as text: header lines, then the body; a Message-ID of its own unless one is given. */
export function mail(headers: Readonly<Record<string, string | undefined>>, body = 'Hello'): Buffer {
  count += 1;
  const all: Record<string, string | undefined> = {
    From: 'Mina Kaya <mina@example.com>',
    To: 'support@desk.example',
    Subject: 'Printer',
    Date: 'Mon, 05 Jan 2026 08:59:00 +0000',
    'Message-ID': `<mail-${count}@customer.example>`,
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]));
  return Buffer.from([...lines, '', ...body.split('\n')].join('\r\n'));
}

let count = 0;
