import { expect } from 'chai';
import fc from 'fast-check';
import { processorMs } from '@helpdesk/core/testing';
import { classify } from '../classifying.ts';
import { contentOfMail } from '../mail-content.ts';
import { parseMail } from '../parsing.ts';
import { rawMail } from './mails.ts';
import { mutate, seeded } from './support/mutating.ts';

const desk = { isOurAddress: () => false, isOurMessageId: () => false, isOurLoopHeader: () => false };

/** Reads a mail all the way; the milliseconds of the processor that this needs. */
const readWhole = (raw: Uint8Array): Promise<number> =>
  processorMs(async () => {
    const mail = await parseMail(raw);
    classify(mail, desk);
    const { text } = contentOfMail(mail);
    expect(text).to.not.match(/\0|\p{Surrogate}/u);
  });

const seeds: readonly Uint8Array[] = [
  rawMail(
    [
      'From: =?utf-8?q?Zo=C3=AB?= <zoe@a.example>',
      'To: "a, b" <c@d.example>, Team: e@f.example;',
      'Subject: =?iso-2022-jp?b?GyRCJDMbKEI=?=',
      'Content-Type: multipart/mixed; boundary="x"',
    ],
    '--x\nContent-Type: multipart/alternative; boundary=y\n\n--y\n\nHello\n\nOn 2 Nov 2026, Ada wrote:\n> Hi\n--y\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n<p style=3D"color:red">Hello</p><div class=3D"gmail_quote">Hi</div>\n--y--\n--x\nContent-Type: application/pdf\nContent-Disposition: attachment; filename*=utf-8\'\'%C3%BC.pdf\nContent-Transfer-Encoding: base64\n\nQUJD\n--x--',
  ),
  rawMail(
    ['From: MAILER-DAEMON@mx.example', 'Subject: Returned', 'Content-Type: multipart/report; report-type=delivery-status; boundary=x'],
    '--x\n\nSorry.\n--x\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n--x\nContent-Type: message/rfc822\n\nMessage-ID: <a@b>\nSubject: Hi\n\nwords\n--x--',
  ),
];

describe('reading whatever comes', () => {
  // Mails that threw: zammad#2176, #2224, #2201, #795.
  it('C2, A1: reads random bytes without throwing, in bounded time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 4000 }), async (bytes) => {
        expect(await readWhole(bytes)).to.be.below(2000);
      }),
      { numRuns: 300 },
    );
  });

  it('C2, A1: reads mutated mails without throwing, in bounded time', async () => {
    const random = seeded(7);
    for (let round = 0; round < 600; round += 1) {
      const raw = mutate(seeds[round % seeds.length] ?? new Uint8Array(), random);
      const failure = await readWhole(raw).catch((error: unknown) => error);
      expect(failure, Buffer.from(raw).toString('latin1')).to.be.a('number').and.to.be.below(2000);
    }
  });
});
