import { mail } from './inbox.ts';

interface Told {
  readonly address: string;
  readonly action: string;
  readonly status: string;
  /** The whole value of Diagnostic-Code. */
  readonly diagnostic?: string;
}

/** A report (RFC 3464) that a mail of ours did not reach somebody. */
export function bounce(
  messageId: string,
  recipient: string,
  headers: Readonly<Record<string, string>> = {},
  told: Omit<Told, 'address'> = { action: 'failed', status: '5.1.1' },
): Uint8Array {
  return report(messageId, [{ address: recipient, ...told }], headers);
}

/** A report (RFC 3464) of what became of a mail of ours at each of its recipients. */
export function report(messageId: string, recipients: readonly Told[], headers: Readonly<Record<string, string>> = {}): Uint8Array {
  const groups = recipients.flatMap(({ address, action, status, diagnostic = `smtp; ${status} no` }) => [
    '',
    `Final-Recipient: rfc822; ${address}`,
    `Action: ${action}`,
    `Status: ${status}`,
    `Diagnostic-Code: ${diagnostic}`,
  ]);
  return mail(
    {
      From: 'MAILER-DAEMON@mx.example',
      Subject: 'Undelivered',
      'Return-Path': '<>',
      'Content-Type': 'multipart/report; report-type=delivery-status; boundary=x',
      ...headers,
    },
    [
      '--x',
      'Content-Type: text/plain',
      '',
      'It failed.',
      '--x',
      'Content-Type: message/delivery-status',
      '',
      'Reporting-MTA: dns; mx.example',
      ...groups,
      '--x',
      'Content-Type: message/rfc822',
      '',
      `Message-ID: ${messageId}`,
      `To: ${recipients.map(({ address }) => address).join(', ')}`,
      'From: support@desk.example',
      '',
      'Hi',
      '--x--',
    ].join('\n'),
  );
}
