import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { SMTPConnectionSendInfo, SMTPEnvelope } from 'nodemailer/lib/smtp-connection';
import { AppError, Unavailable } from '../kernel/errors.ts';
import { openSmtp, settled, withinLimit, type Credentials, type DialogueLine } from './smtp-connection.ts';
import { readFailure, SmtpFailure, type RecipientRefusal } from './smtp-failure.ts';

/** A finished mail on its way to a server. */
export interface WireMail {
  /** Null is the empty return path, from which nothing comes back. */
  readonly from: string | null;
  readonly to: readonly string[];
  readonly content: Buffer;
  /** Runs once, when the server has asked for the content and before it gets any of it. */
  readonly onWire: () => Promise<void>;
}

/** What the server said to a mail that it took for at least one recipient. */
export interface SmtpAnswer {
  readonly response: string;
  readonly accepted: readonly string[];
  readonly refused: readonly RecipientRefusal[];
}

export interface TransportLimits {
  /** Milliseconds from connecting to being signed in. */
  readonly connectMs: number;
  /** Milliseconds for one mail, however steadily the server answers. */
  readonly mailMs: number;
}

interface Idle {
  readonly connection: SMTPConnection;
  mails: number;
  since: number;
}

/**
 * The bytes of a mail, read only once the server has answered DATA with 354: from then on nobody can be sure that
 * nothing arrived, and once all of it is read the server may have the mail.
 */
class Content extends Readable {
  isAllRead = false;
  readonly #mail: WireMail;

  constructor(mail: WireMail) {
    super();
    this.#mail = mail;
    this.once('end', () => (this.isAllRead = true));
  }

  override _read(): void {
    this.#mail.onWire().then(
      () => {
        this.push(this.#mail.content);
        this.push(null);
      },
      (error: unknown) => this.destroy(error instanceof Error ? error : new Error(String(error))),
    );
  }
}

const mailsPerConnection = 100;
const idleMs = 30_000;

/** Connections to SMTP servers, kept open for a few mails. How many send at once is for the job queue to say. */
export class Transports {
  private readonly idle = new Map<string, Idle[]>();
  private readonly limits: TransportLimits;

  constructor(limits: TransportLimits = { connectMs: 60_000, mailMs: 180_000 }) {
    this.limits = limits;
  }

  /** @throws SmtpFailure, which says how far the mail got; Invalid `mail.host-private`. */
  async send(server: Credentials, mail: WireMail): Promise<SmtpAnswer> {
    const key = createHash('sha256').update(JSON.stringify(server)).digest('hex');
    const kept = this.takeIdle(key);
    if (kept !== undefined) {
      try {
        return await this.over(key, kept, mail);
      } catch (error) {
        // A kept connection may have been closed meanwhile, which says nothing of the server.
        if (!(error instanceof SmtpFailure) || error.stage !== 'connect') throw error;
      }
    }
    return this.over(key, await this.open(server), mail);
  }

  close(): void {
    for (const { connection } of [...this.idle.values()].flat()) connection.close();
    this.idle.clear();
  }

  private takeIdle(key: string): Idle | undefined {
    const kept = this.idle.get(key) ?? [];
    for (let link = kept.pop(); link !== undefined; link = kept.pop()) {
      if (!link.connection.destroyed && performance.now() - link.since < idleMs) return link;
      link.connection.close();
    }
    return undefined;
  }

  private async open(server: Credentials): Promise<Idle> {
    try {
      return { connection: await openSmtp(server, this.limits.connectMs), mails: 0, since: 0 };
    } catch (error) {
      throw error instanceof AppError ? error : readFailure(error, false);
    }
  }

  private async over(key: string, link: Idle, mail: WireMail): Promise<SmtpAnswer> {
    const { connection } = link;
    const content = new Content(mail);
    const envelope: SMTPEnvelope = { from: mail.from ?? false, to: [...mail.to], size: mail.content.length };
    try {
      const info = await withinLimit(connection, this.limits.mailMs, () =>
        settled<SMTPConnectionSendInfo>(connection, (done) => connection.send(envelope, content, done)),
      );
      this.giveBack(key, link);
      const refused = (info.rejectedErrors ?? []).flatMap((error) => readFailure(error, false).refused);
      return { response: info.response, accepted: info.accepted, refused };
    } catch (error) {
      throw readFailure(error, content.isAllRead);
    }
  }

  private giveBack(key: string, link: Idle): void {
    link.mails += 1;
    link.since = performance.now();
    if (link.mails >= mailsPerConnection || link.connection.destroyed) return link.connection.quit();
    this.idle.set(key, [...(this.idle.get(key) ?? []), link]);
    const timer = setTimeout(() => {
      const kept = this.idle.get(key) ?? [];
      if (!kept.includes(link) || performance.now() - link.since < idleMs - 1000) return;
      this.idle.set(
        key,
        kept.filter((one) => one !== link),
      );
      link.connection.quit();
    }, idleMs);
    timer.unref();
  }
}

/**
 * Connects and signs in as sending would, and returns what was said.
 *
 * @throws Unavailable `mail.connection-failed` with the server's words, and the dialogue in its details.
 */
export async function testTransport(server: Credentials): Promise<readonly DialogueLine[]> {
  const dialogue: DialogueLine[] = [];
  try {
    (await openSmtp(server, 60_000, dialogue)).quit();
    return dialogue;
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new Unavailable(
      'mail.connection-failed',
      { host: server.host, port: server.port, message: error instanceof Error ? error.message : String(error), dialogue },
      { cause: error },
    );
  }
}
