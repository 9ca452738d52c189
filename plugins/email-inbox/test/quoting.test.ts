import { expect } from 'chai';
import { processorMs } from '@helpdesk/core/testing';
import { readForwarded } from '../forwarding.ts';
import { splitReply } from '../quoting.ts';

const reply = (...lines: string[]): string => splitReply({ text: lines.join('\n') }).replyText;

describe('splitting a reply from its quote', () => {
  it('R4: folds an attribution that was wrapped, and what it quotes', () => {
    expect(reply('Thanks!', '', 'On Mon, 2 Nov 2026 at 10:00, Ada Lovelace <', 'ada@desk.example> wrote:', '> Hello', '> there')).to.equal(
      'Thanks!',
    );
    expect(reply('Danke', '', 'Am 02.11.2026 um 10:00 schrieb Ada:', '> Hallo')).to.equal('Danke');
  });

  it('R2: keeps every answer between and below quoted lines (FS #349, #2578)', () => {
    expect(reply('On 2 Nov 2026 at 10:00, Ada wrote:', '> One?', 'Yes.', '> Two?', '> Really?', 'No.')).to.equal('Yes.\n\nNo.');
  });

  it('R2: shows the whole mail when nothing else would be left (FS #5624)', () => {
    const split = splitReply({ text: 'On 2 Nov 2026 at 10:00, Ada wrote:\n> One?' });

    expect(split.isWhole).to.equal(true);
    expect(split.replyText).to.contain('One?');
  });

  it('R4: cuts at the header block of Outlook and keeps a forwarded message', () => {
    expect(reply('Fine.', '', 'Von: Ada', 'Gesendet: Montag', 'An: Mina', 'Betreff: Printer', '', 'old')).to.equal('Fine.');
    const split = splitReply({ text: 'FYI\n\n---------- Forwarded message ---------\nFrom: Bo <bo@x.example>\nSubject: Hi\n\nText' });
    expect([split.replyText, split.quotedText]).to.deep.equal(['FYI', '']);
    expect(split.forwardedText).to.contain('Text');
    expect(readForwarded(split.forwardedText)?.from?.address).to.equal('bo@x.example');
  });

  it('R4: leaves sentences alone that only look like marks (FS #778)', () => {
    const text = 'On the other hand, he wrote: nothing.\nFrom: the start I said so.\nSent from my desk, it is slower.';
    expect(reply(text)).to.equal(text);
  });

  it('R5: folds signatures and footers of mail programs', () => {
    const split = splitReply({ text: 'Works.\n\n-- \nAda\nDesk\n' });
    expect([split.replyText, split.signatureText]).to.deep.equal(['Works.', '-- \nAda\nDesk']);
    expect(reply('Works.', '', 'Sent from my iPhone')).to.equal('Works.');
  });

  it('R5: folds the tail that two earlier mails of the sender end with, and never the whole mail', () => {
    const tail = '\n\nBest wishes\nMina Kaya\nKaya Printing, Ankara';
    const earlier = [
      `The printer burns.${tail}`,
      `It is out now.${tail}\n\nOn 2 Nov 2026 at 10:00, Ada wrote:\n> Is it out?`,
      'Short one.',
    ];

    const split = splitReply({ text: `It burns again.${tail}\n\nOn 3 Nov 2026 at 10:00, Ada wrote:\n> Good.`, earlier });

    expect(split.replyText).to.equal('It burns again.');
    expect(split.signatureText).to.equal('Best wishes\nMina Kaya\nKaya Printing, Ankara');
    expect(split.quotedText).to.contain('Good.');
    expect(splitReply({ text: `Hello.${tail}`, earlier: earlier.slice(0, 1) }).signatureText).to.equal('');
    expect(splitReply({ text: tail.trim(), earlier }).replyText).to.equal('Best wishes');
  });

  it('R4: shows a mail whole when dividing it takes longer than it may', () => {
    const text = 'Yes.\n\nOn 2 Nov 2026 at 10:00, Ada wrote:\n> One?';

    expect(splitReply({ text }).replyText).to.equal('Yes.');
    const html = '<p>Yes.</p><div class="gmail_quote">One?</div>';
    expect(splitReply({ text, html }).html).to.not.equal(html);
    const late = splitReply({ text, html }, -1);
    expect([late.isWhole, late.replyText, late.html]).to.deep.equal([true, text, html]);
  });

  it('R4: takes no longer than its 250 ms whatever the shape of the mail', async () => {
    const shapes = [
      'On Monday, a <\n> '.repeat(60_000),
      `${'From: a@b.example\n'.repeat(50_000)}`,
      `${'>'.repeat(100_000)}\n`.repeat(10),
      `On ${'x '.repeat(200_000)}wrote:`,
      `${'-----Original Message-----\n'.repeat(20_000)}`,
      `${'\n'.repeat(99_000)}From: a@b.example`,
    ];
    for (const text of shapes) {
      const spent = await processorMs(() => splitReply({ text, html: `<div>${'<blockquote type="cite">'.repeat(20_000)}` }));
      // The rest is room for a slow machine.
      expect(spent, text.slice(0, 30)).to.be.below(2000);
    }
  });

  it('R1: covers the text with its parts, without gap or overlap', () => {
    const text = 'a\n\nOn 2 Nov 2026 at 10:00, Ada wrote:\n> b\n\nc\n-- \nd';
    const { parts } = splitReply({ text });
    expect(parts.map(({ start, end }) => text.slice(start, end)).join('')).to.equal(text);
  });

  it('R4: stays linear on a quote without end', async () => {
    const spent = await processorMs(() => splitReply({ text: 'On Monday, a <\n> '.repeat(40_000) }));

    expect(spent).to.be.below(1000);
  });
});
