import { theirReason } from '../i18n/index.ts';

/** How far a mail got before it failed. `answer`: all of it was handed over, and the server's word on it is missing or bad. */
export type SmtpStage = 'connect' | 'sign-in' | 'sender' | 'recipients' | 'content' | 'answer';

/** One recipient that the server did not take. `code` is the enhanced status (RFC 3463), else the reply code. */
export interface RecipientRefusal {
  readonly address: string;
  readonly code: string;
  readonly isPermanent: boolean;
  readonly reason: string;
}

/** A mail that the server did not take, or of which nobody can say. */
export class SmtpFailure extends Error {
  readonly stage: SmtpStage;
  /** The server's reply code; undefined when it said nothing. */
  readonly replyCode: number | undefined;
  readonly refused: readonly RecipientRefusal[];

  constructor(stage: SmtpStage, error: Error, replyCode: number | undefined, refused: readonly RecipientRefusal[]) {
    super(error.message, { cause: error });
    this.stage = stage;
    this.replyCode = replyCode;
    this.refused = refused;
  }

  /** A 5xx answer to the mail itself is final; one to the connection or the password says nothing of this mail. */
  get isPermanent(): boolean {
    return (this.replyCode ?? 0) >= 500 && this.stage !== 'connect' && this.stage !== 'sign-in';
  }

  /** Silence after the last byte: the server may have the mail. */
  get isUncertain(): boolean {
    return this.replyCode === undefined && this.stage === 'answer';
  }
}

/** Reads what nodemailer throws; `isAllRead` says whether the server was given the whole content. */
export function readFailure(error: unknown, isAllRead: boolean): SmtpFailure {
  const cause = error instanceof Error ? error : new Error(String(error));
  const command = textAt(cause, 'command') ?? '';
  const replyCode = numberAt(cause, 'responseCode');
  const errors: unknown = Reflect.get(cause, 'rejectedErrors');
  const each: readonly unknown[] = Array.isArray(errors) ? errors : textAt(cause, 'recipient') === undefined ? [] : [cause];
  return new SmtpFailure(stageOf(cause, command, isAllRead), cause, replyCode, each.flatMap(readRefusal));
}

function stageOf(error: Error, command: string, isAllRead: boolean): SmtpStage {
  if (isAllRead) return 'answer';
  if (textAt(error, 'code') === 'EAUTH' || command.startsWith('AUTH')) return 'sign-in';
  if (command === 'MAIL FROM') return 'sender';
  if (command === 'RCPT TO') return 'recipients';
  return command === 'DATA' ? 'content' : 'connect';
}

function readRefusal(error: unknown): readonly RecipientRefusal[] {
  if (!(error instanceof Error)) return [];
  const address = textAt(error, 'recipient');
  if (address === undefined) return [];
  const replyCode = numberAt(error, 'responseCode') ?? 450;
  const response = textAt(error, 'response') ?? '';
  return [
    {
      address,
      code: /\b[245]\.\d{1,3}\.\d{1,3}\b/.exec(response)?.[0] ?? String(replyCode),
      isPermanent: replyCode >= 500,
      reason: theirReason(error.message),
    },
  ];
}

function textAt(error: Error, key: string): string | undefined {
  const value: unknown = Reflect.get(error, key);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function numberAt(error: Error, key: string): number | undefined {
  const value: unknown = Reflect.get(error, key);
  return typeof value === 'number' && value > 0 ? value : undefined;
}
