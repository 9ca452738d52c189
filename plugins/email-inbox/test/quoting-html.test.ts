import { expect } from 'chai';
import { splitReply } from '../quoting.ts';

const attribution = 'On 2 Nov 2026 at 10:00, Ada &lt;ada@desk.example&gt; wrote:';
/** What is shown of a mail, and what is folded at its end; undefined for the latter where the mail stays as it is. */
function cut(html: string): { readonly replyHtml: string; readonly quoteHtml: string | undefined } {
  const [replyHtml = '', quoteHtml] = (splitReply({ text: 'x', html }).html ?? '').split('<div data-quote="">');
  return { replyHtml, quoteHtml };
}

describe('cutting the quote off HTML', () => {
  const rule = (color: string, unit: string) =>
    `style="border:none;border-top:solid ${color} 1.0pt;padding:3.0pt 0${unit} 0${unit} 0${unit}"`;
  for (const [program, quote] of [
    ['Gmail', `<div class="gmail_quote">${attribution}<blockquote>Old</blockquote></div>`],
    ['Gmail with a container', `<div class="gmail_quote gmail_quote_container">${attribution}<blockquote>Old</blockquote></div>`],
    ['Thunderbird', `<div class="moz-cite-prefix">${attribution}<br></div><blockquote type="cite">Old</blockquote>`],
    ['Apple Mail', `<div><blockquote type="cite"><div>${attribution}</div><br><div>Old</div></blockquote></div>`],
    [
      'Apple Mail on a phone',
      `<div dir="ltr"><br><blockquote type="cite">${attribution}<br></blockquote></div><blockquote type="cite">Old</blockquote>`,
    ],
    ['a mail program that only cites', `<p>${attribution}</p><blockquote type="cite">Old</blockquote>`],
    ['Roundcube', `<p id="reply-intro">${attribution}</p><blockquote type="cite">Old</blockquote>`],
    ['Yahoo', `<div class="yahoo_quoted">${attribution}<p>Old</p></div>`],
    ['Proton', `<div class="protonmail_quote">${attribution}<blockquote>Old</blockquote></div>`],
    ['Tuta', `<blockquote class="tutanota_quote">Old</blockquote>`],
    ['Zoho', `<blockquote class="zmail_extra">Old</blockquote>`],
    ['Outlook on the web', '<div id="appendonsend"></div><hr><div id="divRplyFwdMsg">From: Ada</div><div>Old</div>'],
    ['Outlook on the web, sent back', '<hr><div id="x_divRplyFwdMsg">From: Ada</div><p>Old</p>'],
    ['new Outlook', '<div id="mail-editor-reference-message-container"><hr><div>From: Ada</div><div>Old</div></div>'],
    ['Outlook on a phone', '<div id="ms-outlook-mobile-body-separator-line"><br></div><div>From: Ada</div><div>Old</div>'],
    ['Outlook in inches', `<div><div ${rule('#E1E1E1', 'in')}><p>From: Ada</p></div></div><p>Old</p>`],
    ['Outlook in centimeters', `<div ${rule('#B5C4DF', 'cm')}><p>From: Ada</p></div><p>Old</p>`],
    ['old Outlook', '<div class="OutlookMessageHeader">From: Ada</div><p>Old</p>'],
    ['Outlook on a Mac', '<span id="OLK_SRC_BODY_SECTION"><div>From: Ada</div><div>Old</div></span>'],
  ] as const)
    it(`R3: cuts at the mark of ${program}, also when Outlook renamed it twice`, () => {
      const renamed = quote.replace(/(?:class|id)="/g, '$&x_x_');

      expect(cut(`<p>New</p>${quote}`).quoteHtml, quote).to.include('Old');
      expect(cut(`<p>New</p>${renamed}`), renamed)
        .to.have.property('replyHtml')
        .that.includes('New')
        .and.not.include('Old');
    });

  it('R3: cuts at our own mark by its class, its id or its data, whichever lived (FS #5544, #5545, #5504)', () => {
    for (const mark of ['class="helpdesk-quote"', 'class="x_helpdesk-quote"', 'id="x_helpdesk-quote"', 'data-helpdesk-quote=""'])
      expect(cut(`<p>New</p><div ${mark}>Old</div>`).replyHtml, mark).to.equal('<p>New</p>');
  });

  it('R3: leaves neither the ruler nor the attribution above a mark', () => {
    expect(cut('<p>New</p><hr><div id="divRplyFwdMsg">From: Ada</div><p>Old</p>').replyHtml).to.equal('<p>New</p>');
    expect(cut(`<p>New</p><p>${attribution}</p><blockquote type="cite">Old</blockquote>`).replyHtml).to.equal('<p>New</p>');
  });

  it('R3: does not take a bare blockquote for a quote (FS #4460)', () => {
    expect(cut('<p>New</p><blockquote>A saying</blockquote>').quoteHtml).to.equal(undefined);
  });

  it('R3: takes no border of a table for the rule above a quote of Outlook', () => {
    const border = 'border:solid #E1E1E1 1.0pt';
    const html = `<p>Prices:</p><table><tr><td style="${border};border-top:none">10</td><td style="${border}">20</td></tr></table><p>Which one?</p>`;

    expect(cut(html)).to.deep.equal({ replyHtml: html, quoteHtml: undefined });
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
    it(`R2: cuts a quote of ${program} off above further quotes and a signature`, () => {
      const { replyHtml, quoteHtml } = cut(`<p>Hi.</p>${quote}<blockquote type="cite">Two?</blockquote><p>-- <br>Mina</p>`);

      expect(replyHtml).to.equal('<p>Hi.</p>');
      expect(quoteHtml).to.include('One?').and.include('Two?').and.include('Mina');
    });
  }
});
