import { mail } from './inbox.ts';

/** A report (RFC 3464) that a mail of ours did not reach somebody. */
export function bounce(
  messageId: string,
  recipient: string,
  headers: Readonly<Record<string, string>> = {},
  { action, status }: { readonly action: string; readonly status: string } = { action: 'failed', status: '5.1.1' },
): Uint8Array {
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
      '',
      `Final-Recipient: rfc822; ${recipient}`,
      `Action: ${action}`,
      `Status: ${status}`,
      `Diagnostic-Code: smtp; ${status} no`,
      '--x',
      'Content-Type: message/rfc822',
      '',
      `Message-ID: ${messageId}`,
      `To: ${recipient}`,
      'From: support@desk.example',
      '',
      'Hi',
      '--x--',
    ].join('\n'),
  );
}
