import { expect } from 'chai';
import { parseMail, Unreadable } from '../parsing.ts';
import { mailFromMina, rawMail } from './mails.ts';

describe('parsing a mail', () => {
  it('C1: reads the envelope and joins encoded words that split a character', async () => {
    const mail = await parseMail(
      rawMail([
        'From: =?utf-8?q?Zo=C3=AB?= <zoe@a.example>',
        'Subject: =?utf-8?B?w6TD?= =?utf-8?B?tsO8?=',
        'Message-ID:',
        ' <a@b>',
        'References: <1@x>,<2@x> 3@x',
        'Date: 1 Feb 26 10:00 +0200',
      ]),
    );

    expect(mail.from).to.deep.equal([{ name: 'Zoë', address: 'zoe@a.example' }]);
    expect(mail.subject).to.equal('äöü');
    expect(mail.messageId).to.equal('a@b');
    expect(mail.references).to.deep.equal(['1@x', '2@x', '3@x']);
    expect(mail.date?.toISOString()).to.equal('2026-02-01T08:00:00.000Z');
  });

  it('keeps the bytes of a file that is sent without encoding', async () => {
    const content = 'a\r\nb\n\u0001';
    const raw = Buffer.from(
      `From: a@b.example\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nhi\r\n--x\r\nContent-Type: application/octet-stream; name=f.bin\r\n\r\n${content}\r\n--x--\r\n`,
    );

    const mail = await parseMail(new Uint8Array(raw));

    expect(mail.text).to.equal('hi');
    expect(mail.attachments.map(({ filename, content: bytes }) => [filename, Buffer.from(bytes).toString()])).to.deep.equal([
      ['f.bin', content],
    ]);
  });

  it('C2: reads a body whose declared charset is a lie (zammad#2722)', async () => {
    const raw = Buffer.concat([
      Buffer.from('From: a@b.example\nContent-Type: text/plain; charset=x-nobody\n\n'),
      Buffer.from([0x63, 0x61, 0x66, 0xe9]),
    ]);

    expect((await parseMail(new Uint8Array(raw))).text).to.equal('café');
  });

  it('prefers HTML over an empty plain part', async () => {
    const mail = await parseMail(
      rawMail(
        ['From: a@b.example', 'Content-Type: multipart/alternative; boundary=x'],
        '--x\nContent-Type: text/plain\n\n \n--x\nContent-Type: text/html\n\n<p>words</p>\n--x--',
      ),
    );

    expect(mail.text).to.equal('words');
    expect(mail.hasPlainText).to.equal(false);
  });

  it('A1: answers with a mail when the structure is past the limits', async () => {
    const levels = Array.from({ length: 400 }, (_, index) => `--b${index}\nContent-Type: multipart/mixed; boundary=b${index + 1}\n`).join(
      '\n',
    );
    const mail = await parseMail(rawMail(['From: a@b.example', 'Content-Type: multipart/mixed; boundary=b0'], levels));

    expect(mail.anomalies).to.include('unreadable-structure');
    expect(mail.from[0]?.address).to.equal('a@b.example');
  });

  it('reads lines that end in a carriage return alone', async () => {
    const mail = await parseMail(new Uint8Array(Buffer.from(Buffer.from(mailFromMina()).toString().replaceAll('\r\n', '\r'))));

    expect(mail.subject).to.equal('Printer');
    expect(mail.anomalies).to.include('bare-cr');
  });

  it('refuses what are no bytes', async () => {
    const failure = await parseMail('text' as unknown as Uint8Array).catch((cause: unknown) => cause);

    expect(failure).to.be.instanceOf(Unreadable);
  });
});
