import { createTestDesk, startFaultySmtp, type FaultySmtp, type TestDesk } from '#core/testing/index.js';
import { saveMailbox, type Mailbox, type MailboxInput } from '#core/mail/index.js';
import { openTicket, reply, type Message, type Ticket } from '#core/tickets/index.js';
import { systemActor } from '#core/users/index.js';

/** What the tests look at of a queued mail. */
interface OutboxRow {
  readonly id: number;
  readonly message_id: string;
  readonly state: string;
  readonly attempts: number;
  readonly deferrals: number;
  readonly doubts: number;
  readonly send_after: number;
  readonly may_be_doubled: boolean | number;
  readonly error: string | null;
}

/** A desk that answers a ticket of customer@example.org through a server that does what the test says. */
export interface SendingStage {
  readonly desk: TestDesk;
  readonly server: FaultySmtp;
  readonly mailbox: Mailbox;
  readonly ticket: Ticket;
  answer(text?: string, cc?: readonly { readonly email: string }[]): Promise<Message>;
  /** What became of the mail of an answer. */
  row(message: Message): Promise<OutboxRow>;
  /** The mails of people that the server took in whole. */
  arrived(): readonly string[];
  changeMailbox(more: Partial<MailboxInput>): Promise<unknown>;
  /** Lets the time pass and what is due then happen. */
  later(ms: number): Promise<void>;
  close(): Promise<void>;
}

export async function createSendingStage(): Promise<SendingStage> {
  const desk = await createTestDesk();
  const server = await startFaultySmtp();
  const input: MailboxInput = { name: 'Support', address: 'support@example.com', transport: serverAt(server.port) };
  const mailbox = await saveMailbox(desk.app.desk, systemActor, input);
  const { ticket } = await openTicket(desk.app.desk, systemActor, {
    subject: 'Re: RE: Printer',
    requester: { email: 'customer@example.org', name: 'Ayşe' },
    message: { text: 'It smokes.', messageId: '<first@example.org>', addresses: { from: { email: 'customer@example.org' } } },
    channel: 'email',
    mailboxId: mailbox.id,
  });
  return {
    desk,
    server,
    mailbox,
    ticket,
    answer: (text = 'It is out.', cc = []) => reply(desk.app.desk, desk.actor('can'), ticket.id, { kind: 'reply', text, cc }),
    row: ({ id }) => desk.storage.read('outbox').where({ message_ref: id }).first(),
    arrived: () => server.mails.filter((mail) => !/^Auto-Submitted:/m.test(mail)),
    changeMailbox: (more) => saveMailbox(desk.app.desk, systemActor, { ...input, ...more }, mailbox.id),
    async later(ms) {
      desk.clock.advance(ms);
      await desk.settle();
    },
    async close() {
      await desk.close();
      await server.close();
    },
  };
}

/** A server on this machine that a mailbox sends through. */
export function serverAt(port: number) {
  return { host: '127.0.0.1', port, encryption: 'auto', isOperators: true } as const;
}

export function idOf(mail: string): string {
  return /^Message-ID:\s*(\S+)/im.exec(mail)?.[1] ?? '';
}

/** Gives the desk a folder of sent mail: the ids in it, those it was asked for, and those of the mails kept there. */
export function offerSentFolder(desk: TestDesk): { readonly inSent: Set<string>; readonly asked: string[]; readonly kept: string[] } {
  const inSent = new Set<string>();
  const asked: string[] = [];
  const kept: string[] = [];
  desk.app.plugins.services.provide('test', 'mail.sent-folder', {
    has: async (_mailboxId, messageId) => {
      asked.push(messageId);
      return inSent.has(messageId);
    },
    append: async (_mailboxId, { messageId }) => kept.push(messageId) > 0,
  });
  return { inSent, asked, kept };
}
