/** Builds a raw mail from header lines and a body, with CRLF line ends. */
export function rawMail(headers: readonly string[], body = 'Hello'): Uint8Array {
  return new Uint8Array(Buffer.from([...headers, '', ...body.split('\n')].join('\r\n'), 'utf8'));
}

/** A plain mail from Mina, with more headers in front. */
export function mailFromMina(more: readonly string[] = [], body = 'Hello'): Uint8Array {
  return rawMail(
    [
      ...more,
      'From: Mina <mina@customer.example>',
      'To: support@desk.example',
      'Subject: Printer',
      'Date: Mon, 02 Nov 2026 09:00:00 +0000',
      'Message-ID: <m1@customer.example>',
    ],
    body,
  );
}
