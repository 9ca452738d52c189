import { expect } from 'chai';
import fc from 'fast-check';
import { readHtmlTree, textOf, walk, withoutElements, type HtmlElement } from '@helpdesk/core/plugin';
import { processorMs } from '@helpdesk/core/testing';
import { contentOfMail } from '../mail-content.ts';
import { parseMail } from '../parsing.ts';
import { splitReply } from '../quoting.ts';
import { mailFromMina } from './mails.ts';

const attribution = 'On 2 Nov 2026 at 10:00, Ada &lt;ada@desk.example&gt; wrote:';

/** What mail programs and mischief put around words; some of it never ends. */
const around = [
  ['<div>', '</div>'],
  ['<p>', '</p>'],
  ['<div>', ''],
  ['', '</div>'],
  ['<div class="gmail_quote">', '</div>'],
  [`<div class="gmail_quote">${attribution}`, '</div>'],
  ['<blockquote class="gmail_quote">', '</blockquote>'],
  ['<blockquote type="cite">', '</blockquote>'],
  ['<blockquote>', '</blockquote>'],
  ['<div class="yahoo_quoted">', '</div>'],
  ['<div class="moz-cite-prefix">', '</div>'],
  ['<div data-quote="">', '</div>'],
  ['<table><tr><td>', '</td><td class="gmail_quote">x</td></tr></table>'],
  ['<ul><li class="gmail_quote">', '</li></ul>'],
  ['<details><summary>', '</summary></details>'],
] as const;
const rarely = ['<div id="divRplyFwdMsg">From: Ada</div>', '<p>-- <br>@</p>', '---------- Forwarded message ---------'];
const words = ['@ ', '<p>@</p>', '@<br>', `<p>${attribution}</p>`, '<hr>', '<img src="cid:@">', '&lt;'];
const { pieces } = fc.letrec<{ pieces: string }>((tie) => {
  const nested = fc.tuple(fc.constantFrom(...around), tie('pieces')).map(([[open, close], inner]) => `${open}${inner}${close}`);
  const piece = fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom(...words) },
    { weight: 20, arbitrary: nested },
    { weight: 1, arbitrary: fc.constantFrom(...rarely) },
  );
  return { pieces: fc.array(piece, { maxLength: 6, depthIdentifier: 'html' }).map((list) => list.join('')) };
});
const mixture = pieces.map((html) => html.replaceAll('@', (_, at: number) => `w${at}`));

const letters = (html: string): string => textOf(readHtmlTree(html)).replaceAll(/\s+/g, '');
const foldsIn = (tree: HtmlElement): readonly HtmlElement[] =>
  [...walk(tree)].filter((node): node is HtmlElement => node.kind === 'element' && node.attributes['data-quote'] === 'key');

/** How a mail is folded. */
function folded(html: string): { readonly html: string; readonly folds: readonly HtmlElement[]; readonly visible: string } {
  const whole = splitReply({ text: 'x', html, foldKey: 'key' }).html ?? '';
  const tree = readHtmlTree(whole);
  return { html: whole, folds: foldsIn(tree), visible: textOf(withoutElements(tree, (one) => one.attributes['data-quote'] === 'key')) };
}

describe('folding HTML without loss', () => {
  it('R2: keeps every word in order, folds nothing twice and always leaves something to read', () => {
    let inPlace = 0;
    fc.assert(
      fc.property(mixture, (html) => {
        const { html: whole, folds, visible } = folded(html);

        expect(letters(whole)).to.equal(letters(html));
        for (const fold of folds) expect(foldsIn(fold)).to.deep.equal([]);
        if (folds.length > 0 && !whole.includes('<img')) expect(visible.replaceAll(/\s/g, '').length).to.be.greaterThan(1);
        if (folds.length > 1) inPlace += 1;
      }),
      { numRuns: 3000, seed: 5 },
    );
    expect(inPlace).to.be.greaterThan(100);
  });

  it('R2: shows each word that stands in no quote when one stands below them all', () => {
    const quotes = [
      '<blockquote class="gmail_quote">q</blockquote>',
      `<div class="gmail_quote">${attribution}<blockquote>q</blockquote><p>@</p><blockquote>q</blockquote></div>`,
      `<div><div>${attribution}</div><blockquote type="cite">q<div>q</div></blockquote></div>`,
      `<div class="moz-cite-prefix">${attribution}</div><blockquote type="cite">q</blockquote>`,
      '<div class="yahoo_quoted">q</div>',
    ];
    const own = ['<p>@</p>', '@<br>', '<div><div>@</div></div>', '<blockquote>@</blockquote>', '<table><tr><td>@</td></tr></table>'];
    const mail = fc
      .array(fc.constantFrom(...own, ...quotes), { maxLength: 20 })
      .map((pieces) => [...pieces, '<p>@ end</p>'].join('').replaceAll('@', (_, at: number) => `w${at}`));

    fc.assert(
      fc.property(mail, (html) => {
        const { visible, folds } = folded(html);

        expect(visible.match(/w\d+|end|q/g)).to.deep.equal(html.match(/(?<=>|^)(?:w\d+)|end/g));
        expect(folds.length > 0).to.equal(html.includes('q<'));
      }),
      { numRuns: 1000, seed: 5 },
    );
  });

  it('R2, S2: keeps its folds and no other in what is stored', async () => {
    const mail = await parseMail(mailFromMina());
    fc.assert(
      fc.property(mixture, (html) => {
        const { folds } = folded(html);
        const stored = contentOfMail({ ...mail, html }).html ?? '';

        expect(letters(stored)).to.equal(letters(html));
        expect(stored.match(/data-quote/g)?.length ?? 0).to.equal(folds.length);
        expect(stored).to.not.include('<details');
      }),
      { numRuns: 1000, seed: 5 },
    );
  });

  it('R4: stays within its time whatever is nested or repeated', async () => {
    const shapes = [
      `<p>Hi</p>${'<div class="gmail_quote"><blockquote type="cite">a</blockquote>b'.repeat(20_000)}`,
      `<p>Hi</p>${`<div>${attribution}</div><blockquote type="cite">a</blockquote>b`.repeat(20_000)}`,
      `<p>Hi</p><div class="gmail_quote">a</div><div>${'<i></i>'.repeat(100_000)}</div><div>${'<blockquote type="cite"></blockquote>'.repeat(100_000)}</div>b`,
      `<p>Hi</p><div class="gmail_quote">a</div>${' '.repeat(2_000_000)}<div>${'<blockquote type="cite"></blockquote>'.repeat(50_000)}</div>b`,
      `<p>Hi</p>${'<blockquote class="gmail_quote">a</blockquote>b'.repeat(50_000)}`,
    ];
    for (const html of shapes) {
      const spent = await processorMs(() => splitReply({ text: 'x', html }));
      // The rest is room for a slow machine.
      expect(spent, html.slice(0, 60)).to.be.below(2000);
    }
  });
});
