import { expect } from 'chai';
import { readHtmlTree, textOf, type HtmlNode } from '@helpdesk/core/plugin';
import { splitReply } from '../quoting.ts';

const attribution = 'On 2 Nov 2026 at 10:00, Ada &lt;ada@desk.example&gt; wrote:';
const fold = (html: string): string => splitReply({ text: 'x', html }).html ?? '';

/** What is read of a mail, line by line; what is folded stands in square brackets. */
function reads(html: string): readonly string[] {
  const lines: string[] = [];
  const read = (node: HtmlNode): void => {
    if (node.kind === 'element' && node.attributes['data-quote'] !== undefined) lines.push(`[${words(textOf(node))}]`);
    else if (node.kind === 'element') node.children.forEach(read);
    else if (words(node.text) !== '') lines.push(words(node.text));
  };
  read(readHtmlTree(fold(html)));
  return lines;
}

const words = (text: string): string =>
  text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/On 2 Nov 2026 at 10:00, Ada <ada@desk.example> wrote: ?/g, '@')
    .trim();

describe('folding quotes between answers in HTML', () => {
  for (const [program, html] of [
    [
      'Gmail',
      `<div dir="ltr"><div>Hi, see below.</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">${attribution}<br></div><blockquote class="gmail_quote" style="margin:0 0 0 0.8ex"><div dir="ltr">One?</div></blockquote><div><br></div><div>Yes.</div><div><br></div><blockquote class="gmail_quote"><div dir="ltr">Two?</div></blockquote><div><br></div><div>No.</div></div></div>`,
    ],
    [
      'Gmail of former years',
      `Hi, see below.<br><br><div class="gmail_extra"><div class="gmail_quote">On 2 Nov 2026 at 10:00, Ada <span dir="ltr">&lt;<a href="mailto:ada@desk.example">ada@desk.example</a>&gt;</span> wrote:<br><blockquote class="gmail_quote">One?</blockquote><div>Yes.</div><blockquote class="gmail_quote">Two?</blockquote><div>No.</div></div></div>`,
    ],
    [
      'Apple Mail',
      `<html><head><meta charset="utf-8"></head><body>Hi, see below.<br><div><br><blockquote type="cite"><div>${attribution}</div><br class="Apple-interchange-newline"><div><div>One?</div></div></blockquote><div><br></div><div>Yes.</div><br><blockquote type="cite"><div>Two?</div></blockquote><div><br></div>No.</div><br></body></html>`,
    ],
    [
      'Apple Mail on a phone',
      `<html><body dir="auto"><div dir="ltr">Hi, see below.</div><div dir="ltr"><br><blockquote type="cite">${attribution}<br><br></blockquote></div><blockquote type="cite"><div dir="ltr">One?</div></blockquote><div>Yes.</div><blockquote type="cite"><div dir="ltr">Two?</div></blockquote><div dir="ltr">No.</div></body></html>`,
    ],
    [
      'Thunderbird',
      `<html><body><p>Hi, see below.</p><div class="moz-cite-prefix">${attribution}<br></div>\n<blockquote type="cite" cite="mid:1@desk.example"><p>One?</p></blockquote>\n<p>Yes.</p>\n<blockquote type="cite" cite="mid:1@desk.example"><p>Two?</p></blockquote>\n<p>No.</p></body></html>`,
    ],
    [
      'Thunderbird of former years',
      `Hi, see below.<br><br>On 2 Nov 2026 at 10:00, Ada &lt;<a href="mailto:ada@desk.example">ada@desk.example</a>&gt; wrote:<br><blockquote type="cite">One?<br></blockquote>Yes.<br><blockquote type="cite">Two?</blockquote>No.`,
    ],
    [
      'Roundcube',
      `<p>Hi, see below.</p><p id="reply-intro">${attribution}</p><blockquote type="cite"><p>One?</p></blockquote><p>Yes.</p><blockquote type="cite">Two?</blockquote><p>No.</p>`,
    ],
    [
      'Proton',
      `<div>Hi, see below.</div><div class="protonmail_quote">${attribution}<br><blockquote class="protonmail_quote" type="cite">One?</blockquote><div>Yes.</div><blockquote class="protonmail_quote" type="cite">Two?</blockquote><div>No.</div></div>`,
    ],
    [
      'Zoho',
      `<div>Hi, see below.</div><div>${attribution}</div><blockquote class="zmail_extra">One?</blockquote><p>Yes.</p><blockquote class="zmail_extra">Two?</blockquote><p>No.</p>`,
    ],
    [
      'a mail of this desk',
      `<p>Hi, see below.</p><div data-helpdesk-quote=""><p>${attribution}</p><blockquote type="cite">One?</blockquote><p>Yes.</p><blockquote type="cite">Two?</blockquote><p>No.</p></div>`,
    ],
  ] as const)
    it(`R2: folds the quotes of ${program} and leaves the answers between and below (FS #349, #2578)`, () => {
      expect(reads(html)).to.deep.equal(['Hi, see below.', '[@One?]', 'Yes.', '[Two?]', 'No.'], fold(html));
    });

  it('R2: folds the quote above an answer, whatever language its attribution has when its program names it', () => {
    const klingon = '<div class="gmail_attr">jaj 2, Ada jatlh</div>';

    expect(reads(`<div class="gmail_quote">${klingon}<blockquote class="gmail_quote">One?</blockquote><p>Yes.</p></div>`)).to.deep.equal([
      '[jaj 2, Ada jatlhOne?]',
      'Yes.',
    ]);
    expect(reads(`<p>Hi</p><div class="yahoo_quoted">${attribution}<p>One?</p></div><p>Yes.</p>`)).to.deep.equal(['Hi', '[@One?]', 'Yes.']);
    expect(reads('<p>Hi</p><div id="mail-editor-reference-message-container">One?</div><p>Y</p>')).to.deep.equal(['Hi', '[One?]', 'Y']);
  });

  it('R2: folds a quote that holds older ones once, and joins neighbors', () => {
    const old = `<div class="gmail_quote">${attribution}<blockquote class="gmail_quote">Zero?</blockquote>Older answer</div>`;

    expect(
      reads(`<div class="gmail_quote">${attribution}<blockquote class="gmail_quote">One? ${old}</blockquote></div><p>Yes.</p>`),
    ).to.deep.equal(['[@One? @Zero?Older answer]', 'Yes.']);
    expect(
      reads(
        `<p>Hi</p><div>${attribution}</div><div><br></div><div><blockquote type="cite">One?</blockquote> <blockquote type="cite">Two?</blockquote></div><p>Yes.</p>`,
      ),
    ).to.deep.equal(['Hi', '[@One? Two?]', 'Yes.']);
  });

  it('R2: keeps words of the sender that share an element with an attribution', () => {
    expect(reads(`<div>Thank you.<br>${attribution}</div><blockquote type="cite">One?</blockquote><p>Yes.</p>`)).to.deep.equal([
      'Thank you.',
      '[@]',
      '[One?]',
      'Yes.',
    ]);
  });

  it('R2: leaves what Outlook puts above a quote, and a message that was forwarded below one', () => {
    const header = '<div id="divRplyFwdMsg">From: Ada</div>';

    expect(reads(`<p>Hi</p>${header}<p>Old</p><p>Yes.</p>`)).to.deep.equal(['Hi', '[From: AdaOldYes.]']);
    expect(reads(`<p>Hi</p><div class="gmail_quote">One?</div>${header}`)).to.deep.equal(['Hi', '[One?From: Ada]']);
    expect(reads(`<p>Hi</p><div class="gmail_quote">One?</div><p>Yes.</p>${header}<p>Old</p>`)).to.deep.equal([
      'Hi',
      '[One?]',
      'Yes.',
      'From: Ada',
      'Old',
    ]);
    expect(
      reads('<p>Hi</p><div class="gmail_quote">One?</div><div class="gmail_quote">---------- Forwarded message ---------<br>News</div>'),
    ).to.deep.equal(['Hi', '[One?]', '---------- Forwarded message ---------', 'News']);
  });

  it('R2: takes a signature below the quote for no answer, but words below a later quote', () => {
    const quote = '<div class="gmail_quote">One?</div>';

    expect(reads(`<p>Hi</p>${quote}<p>-- <br>Mina</p>`)).to.deep.equal(['Hi', '[One?-- Mina]']);
    expect(reads(`<p>Hi</p>${quote}<p>-- <br>Mina</p>${quote}<p>Yes.</p>`)).to.deep.equal(['Hi', '[One?]', '--', 'Mina', '[One?]', 'Yes.']);
  });

  it('R2: folds nothing where less than two letters would be left', () => {
    expect(reads('<div class="gmail_quote">Yes or no?</div><p>Y</p>')).to.deep.equal(['Yes or no?', 'Y']);
    expect(reads('<div class="gmail_quote">Yes or no?</div><p>No</p>')).to.deep.equal(['[Yes or no?]', 'No']);
  });

  it('R2: takes no cell or item out of its table or list', () => {
    const quote = '<blockquote type="cite">One?</blockquote>';

    expect(fold(`<p>${attribution}</p>${quote}<table><tr><td>Yes.</td><td>${quote}</td></tr></table>`)).to.include(
      '<table><tr><td>Yes.</td><td><div data-quote=""><blockquote type="cite">One?</blockquote></div></td></tr></table>',
    );
    expect(fold(`<ul><li>Yes, it is.</li><li class="gmail_quote">One?</li></ul><p>Bye</p>`)).to.include(
      '<li class="gmail_quote"><div data-quote="">One?</div></li>',
    );
  });
});
