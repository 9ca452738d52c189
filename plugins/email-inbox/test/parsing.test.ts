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

describe('charsets', () => {
  const latin = (head: string, body: string): Uint8Array => new Uint8Array(Buffer.from(`${head}\r\n\r\n${body}`, 'latin1'));

  it('C1: reads raw bytes in a header as UTF-8, else as the charset of the body, else as windows-1252', async () => {
    const utf8 = await parseMail(rawMail(['From: a@b.example', 'Subject: Grüße']));
    const western = await parseMail(latin('From: a@b.example\r\nSubject: Gr\u00fc\u00dfe \u0080', 'x'));
    const polish = await parseMail(latin('From: a@b.example\r\nSubject: \u00b1\r\nContent-Type: text/plain; charset=iso-8859-2', 'x'));

    expect([utf8.subject, western.subject, polish.subject]).to.deep.equal(['Grüße', 'Grüße €', 'ą']);
  });

  it('C1: reads raw bytes in the header of a multipart mail in the charset of its first text', async () => {
    // "Привет" in KOI8-R, and a letter of windows-1251 that stands outside of Latin-1 in windows-1252 too.
    const mails = [
      ['\u00f0\u00d2\u00c9\u00d7\u00c5\u00d4', 'koi8-r'],
      ['\u008a', 'windows-1251'],
    ] as const;

    const subjects = mails.map(async ([subject, charset]) => {
      const nested = `--x\r\nContent-Type: multipart/alternative; boundary=y\r\n\r\n--y\r\nContent-Type: text/plain; charset=${charset}\r\n\r\nx\r\n--y--\r\n--x--`;
      return (await parseMail(latin(`From: a@b.example\r\nSubject: ${subject}\r\nContent-Type: multipart/mixed; boundary=x`, nested)))
        .subject;
    });

    expect(await Promise.all(subjects)).to.deep.equal(['Привет', 'Љ']);
  });

  it('C1: reads encoded words inside quotes and file names with raw bytes (zammad#2227)', async () => {
    const mail = await parseMail(
      latin(
        'From: "=?iso-8859-1?q?Zo=EB?=" <zoe@a.example>\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename*=us-ascii\'\'Rechnung%20%FC.pdf',
        'x',
      ),
    );

    expect(mail.from[0]?.name).to.equal('Zoë');
    expect(mail.attachments[0]?.filename).to.equal('Rechnung ü.pdf');
  });

  it('C2: takes the charset of an HTML part from its meta tag when the header names none', async () => {
    const mail = await parseMail(latin('From: a@b.example\r\nContent-Type: text/html', '<meta charset="iso-8859-1"><p>caf\u00e9</p>'));

    expect(mail.html).to.contain('café');
  });

  it('C2: reads Japanese by its escapes when no charset is declared (zammad#6144, zammad#3115)', async () => {
    const mail = await parseMail(latin('From: a@b.example\r\nContent-Type: text/plain', '\u001b$B$3$s$K$A$O\u001b(B'));

    expect(mail.text).to.equal('こんにちは');
  });

  it('C2: reads UTF-7 as ASCII, so that no tag appears', async () => {
    const mail = await parseMail(latin('From: a@b.example\r\nContent-Type: text/html; charset=utf-7', '+ADw-script+AD4-alert(1)'));

    expect(mail.html).to.not.contain('<script');
  });

  it('C3: lets no NUL and no lone surrogate through (LD SanitizeUTF8)', async () => {
    const mail = await parseMail(latin('From: a@b.example\r\nContent-Type: text/plain; charset=utf-8', 'a\u0000b \u00ed\u00a0\u0080 c'));

    expect(mail.text).to.not.match(/\0|\p{Surrogate}/u);
    expect(mail.text).to.contain('c');
  });
});

describe('shapes of mail', () => {
  it('A5: keeps an archive as it is', async () => {
    const mail = await parseMail(
      rawMail(
        ['From: a@b.example', 'Content-Type: application/zip; name=a.zip', 'Content-Transfer-Encoding: base64'],
        Buffer.from('PK\u0003\u0004inner').toString('base64'),
      ),
    );

    expect(mail.attachments.map(({ filename, size }) => [filename, size])).to.deep.equal([['a.zip', 9]]);
  });

  it('A2: notes two names for one file', async () => {
    const mail = await parseMail(
      rawMail([
        'From: a@b.example',
        'Content-Type: application/pdf',
        'Content-Disposition: attachment; filename="a.pdf"; filename="b.exe"',
      ]),
    );

    expect(mail.anomalies).to.include('several-filenames');
  });

  it('A1: keeps at most 200 files', async () => {
    const part = '--x\nContent-Type: application/pdf\nContent-Disposition: attachment; filename=a.pdf\n\nx\n';
    const mail = await parseMail(rawMail(['From: a@b.example', 'Content-Type: multipart/mixed; boundary=x'], part.repeat(300)));

    expect(mail.attachments).to.have.lengthOf(200);
    expect(mail.anomalies).to.include('too-many-attachments');
  });
});
