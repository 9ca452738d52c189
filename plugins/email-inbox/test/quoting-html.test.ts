import { expect } from 'chai';
import { splitReply } from '../quoting.ts';

const attribution = 'On 2 Nov 2026 at 10:00, Ada &lt;ada@desk.example&gt; wrote:';
const cut = (html: string) => splitReply({ text: 'x', html });

describe('cutting the quote off HTML', () => {
  it('R3: cuts at the marks of mail programs (FS #5544)', () => {
    const gmail = cut('<div>New</div><div class="gmail_quote"><div>On … wrote:</div><blockquote>Old</blockquote></div>');
    expect(gmail.replyHtml).to.equal('<div>New</div>');
    expect(gmail.quoteHtml).to.contain('Old');
    expect(cut('<p>New</p><hr><div id="x_divRplyFwdMsg">From: Ada</div><p>Old</p>').replyHtml).to.equal('<p>New</p>');
  });

  it('R3: does not take a bare blockquote for a quote, nor cut above an answer (FS #4460)', () => {
    expect(cut('<p>New</p><blockquote>A saying</blockquote>').quoteHtml).to.equal(undefined);
    expect(cut('<p>Hi</p><div class="gmail_quote">Old</div><p>My answer below</p>').quoteHtml).to.equal(undefined);
  });

  it('R3: takes no border of a table for the rule above a quote of Outlook', () => {
    const border = 'border:solid #E1E1E1 1.0pt';
    const html = `<p>Prices:</p><table><tr><td style="${border};border-top:none">10</td><td style="${border}">20</td></tr></table><p>Which one?</p>`;

    expect(cut(html)).to.include({ replyHtml: html, quoteHtml: undefined });
    expect(cut(`<p>Hi.</p><div style="${border}">A box.</div><p>Which one?</p>`).quoteHtml).to.equal(undefined);
    expect(cut('<table><tr><td>Hi.</td><td style="border:none;border-top:solid #E1E1E1 1.0pt">20</td></tr></table>').quoteHtml).to.equal(
      undefined,
    );
  });

  for (const [program, quote] of [
    ['Thunderbird', `<div class="moz-cite-prefix">${attribution}<br></div><blockquote type="cite">One?</blockquote>`],
    ['Roundcube', `<p id="reply-intro">${attribution}</p><blockquote type="cite">One?</blockquote>`],
    ['Apple Mail', `<div>${attribution}</div><blockquote type="cite">One?</blockquote>`],
    ['Proton', `<div class="protonmail_quote">${attribution}<blockquote>One?</blockquote></div>`],
    ['Zoho', `<div>${attribution}</div><blockquote class="zmail_extra">One?</blockquote>`],
    ['this desk', `<div data-helpdesk-quote=""><p>${attribution}</p><blockquote>One?</blockquote></div>`],
  ] as const) {
    it(`R2: keeps the answers below and between quotes of ${program} (FS #349, #2578)`, () => {
      const html = `<p>Hi, answers below.</p>${quote}<p>Yes.</p><blockquote type="cite">Two?</blockquote><p>No.</p>`;

      expect(cut(html)).to.include({ replyHtml: html, quoteHtml: undefined });
    });

    it(`R2: cuts a quote of ${program} off above further quotes and a signature`, () => {
      const { replyHtml, quoteHtml } = cut(`<p>Hi.</p>${quote}<blockquote type="cite">Two?</blockquote><p>-- <br>Mina</p>`);

      expect(replyHtml).to.equal('<p>Hi.</p>');
      expect(quoteHtml).to.include('One?').and.include('Two?').and.include('Mina');
    });
  }

  it('R2: takes one letter below a quote for an answer', () => {
    expect(cut('<p>Hi.</p><div class="gmail_quote">Yes or no?</div><p>Y</p>').quoteHtml).to.equal(undefined);
  });
});
