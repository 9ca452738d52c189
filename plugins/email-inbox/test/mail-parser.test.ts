import { expect } from 'chai';
import { MailParser, ParserStopped } from '../mail-parser.ts';
import { mailFromMina, rawMail } from './mails.ts';

const stopped = async (work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => error);

describe('the parser in its own thread', function () {
  // Starting a thread takes seconds on a crowded machine.
  this.timeout(90_000);
  let parser: MailParser;
  afterEach(() => parser.close());

  it('A1: reads mails one after the other, whoever asks first', async () => {
    parser = new MailParser();

    const mails = await Promise.all([
      parser.parse(mailFromMina()),
      parser.parse(rawMail(['From: b@x.example', 'Subject: two'])),
      parser.parse(rawMail(['From: c@x.example', 'Subject: three'])),
    ]);

    expect(mails.map(({ subject }) => subject)).to.deep.equal(['Printer', 'two', 'three']);
    expect(mails[0]?.date).to.be.instanceOf(Date);
  });

  it('A1: stops at a mail that takes too long and reads the next', async () => {
    parser = new MailParser();
    const slow = rawMail(['From: a@x.example', 'Content-Type: multipart/mixed; boundary=x'], '--x\n\n\n'.repeat(600_000));

    const [failure, next] = await Promise.all([
      stopped(parser.parse(slow, { timeoutMs: 300, memoryMb: 512 })),
      parser.parse(mailFromMina()),
    ]);

    expect(failure).to.be.instanceOf(ParserStopped);
    expect(failure).to.deep.include({
      code: 'email-inbox.parser-slow',
      details: { seconds: 0.3, message: 'Reading this mail took longer than 0.3 seconds.' },
    });
    expect(next.subject).to.equal('Printer');
  });

  it('A1: survives a mail that takes all memory and reads the next', async () => {
    parser = new MailParser({ memoryMb: 48 });
    const greedy = rawMail(['From: a@x.example', 'Content-Type: multipart/mixed; boundary=x'], '--x\n\n\n'.repeat(600_000));

    const failure = await stopped(parser.parse(greedy));

    expect(failure).to.be.instanceOf(ParserStopped);
    expect(failure).to.deep.include({
      code: 'email-inbox.parser-memory',
      details: { megabytes: 48, message: 'Reading this mail took more than 48 MB of memory.' },
    });
    expect((await parser.parse(mailFromMina())).subject).to.equal('Printer');
  });

  it('A1: says what ended it', async () => {
    parser = new MailParser();
    const failure = stopped(parser.parse(mailFromMina()));
    // A turn later it has its thread, which is ended under it.
    await new Promise(setImmediate);

    await parser.close();

    expect(await failure).to.be.instanceOf(ParserStopped);
    expect(await failure).to.include({ code: 'email-inbox.parser-broke' });
    expect(String(await failure)).to.match(/: The thread ended with code \d\.$/);
  });

  const shapes: readonly (readonly [name: string, raw: () => Uint8Array])[] = [
    ['20,000 nested multiparts', () => nested(20_000)],
    ['100,000 parts', () => rawMail(['From: a@x.example', 'Content-Type: multipart/mixed; boundary=x'], '--x\n\nhi\n'.repeat(100_000))],
    ['a header of 1 MB', () => rawMail(['From: a@x.example', `Subject: ${'x'.repeat(1_000_000)}`])],
    [
      '10,000 references',
      () => rawMail(['From: a@x.example', `References: ${Array.from({ length: 10_000 }, (_, n) => `<${n}@x>`).join(' ')}`]),
    ],
    [
      '30 MB of base64',
      () =>
        rawMail(
          ['From: a@x.example', 'Content-Type: application/zip; name=a.zip', 'Content-Transfer-Encoding: base64'],
          `${'QUJD'.repeat(19)}\n`.repeat(400_000),
        ),
    ],
  ];
  for (const [name, raw] of shapes) {
    it(`A1: takes ${name} without stopping`, async () => {
      parser = new MailParser();

      const mail = await parser.parse(raw());

      expect(mail.from[0]?.address).to.equal('a@x.example');
      expect(mail.attachments.length).to.be.at.most(200);
    });
  }
});

function nested(levels: number): Uint8Array {
  const body = Array.from({ length: levels }, (_, n) => `--b${n}\nContent-Type: multipart/mixed; boundary=b${n + 1}\n`).join('\n');
  return rawMail(['From: a@x.example', 'Content-Type: multipart/mixed; boundary=b0'], body);
}
