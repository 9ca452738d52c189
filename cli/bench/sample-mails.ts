import { mailText } from './mails.ts';

type Shape = (n: number) => readonly string[];

const words = 'Merhaba, siparişim nerede? The printer smokes since Monday, and nobody answers the phone. ';
const base64 = (bytes: Buffer): string => bytes.toString('base64').replace(/.{76}/g, '$&\r\n');

const head = (n: number, more: readonly string[]): readonly string[] => [
  'Received: from mx.example.org by mx.example.com with ESMTPS id 4XyZ; Mon, 05 Jan 2026 09:00:00 +0000',
  `From: =?utf-8?q?Ay=C5=9Fe?= <c${n}@example.org>`,
  'To: Support <support@example.com>',
  `Subject: =?utf-8?b?${Buffer.from(`Sipariş ${n}`).toString('base64')}?=`,
  `Message-ID: <sample-${n}@example.org>`,
  `References: ${Array.from({ length: 12 }, (_none, index) => `<sample-${n}-${index}@example.org>`).join('\r\n ')}`,
  'Date: Mon, 05 Jan 2026 09:00:00 +0000',
  'MIME-Version: 1.0',
  ...more,
];

const part = (headers: readonly string[], body: string): string => [...headers, '', body].join('\r\n');
const text = (n: number): string =>
  part(['Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: base64'], base64(Buffer.from(words.repeat(1 + (n % 12)))));
const html = (n: number): string =>
  part(
    ['Content-Type: text/html; charset=utf-8', 'Content-Transfer-Encoding: quoted-printable'],
    `<p style=3D"color:#333">${'The printer <b>smokes</b> since Monday.<br>=\r\n'.repeat(10 + (n % 40))}</p><blockquote>${'<p>Hello</p>=\r\n'.repeat(30)}</blockquote>`,
  );
const file = (type: string, bytes: number): string =>
  part(
    [`Content-Type: ${type}; name=file`, 'Content-Transfer-Encoding: base64', 'Content-Disposition: attachment; filename=file'],
    base64(Buffer.alloc(bytes, 'helpdesk')),
  );
const multipart = (kind: string, boundary: string, parts: readonly string[]): readonly string[] => [
  `Content-Type: multipart/${kind}; boundary=${boundary}`,
  '',
  ...parts.map((one) => `--${boundary}\r\n${one}`),
  `--${boundary}--`,
];
const alternative = (n: number): string => multipart('alternative', 'alt', [text(n), html(n)]).join('\r\n');

/** Alternatives, files, a forwarded mail, an old charset: what a mailbox sees in a day, apart from plain text. */
const shapes: readonly Shape[] = [
  (n) => head(n, multipart('alternative', 'alt', [text(n), html(n)])),
  (n) => head(n, multipart('mixed', 'mix', [alternative(n), file('application/pdf', 40_000 + (n % 7) * 20_000)])),
  (n) => head(n, multipart('related', 'rel', [html(n), file('image/png', 8000)])),
  (n) => head(n, multipart('mixed', 'mix', [text(n), `Content-Type: message/rfc822\r\n\r\n${mailText(n)}`])),
  (n) =>
    head(n, [
      'Content-Type: text/plain; charset=iso-8859-9',
      'Content-Transfer-Encoding: quoted-printable',
      '',
      '=DEikayet: yaz=FDc=FD bozuk.',
    ]),
];

/** A mail as customers write them; the same number makes the same mail. Every sixth is plain text. */
export function sampleMail(n: number): Buffer {
  const shape = shapes[n % (shapes.length + 1)];
  return Buffer.from(shape === undefined ? mailText(n) : shape(n).join('\r\n'));
}
