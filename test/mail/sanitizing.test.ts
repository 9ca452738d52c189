import { expect } from 'chai';
import { htmlToText } from '#core/html/index.js';
import { sanitizeMail } from '#core/html/index.js';
import { textToHtml } from '#core/html/index.js';

const clean = (html: string, allowRemoteImages = false) =>
  sanitizeMail(html, { cidUrl: (cid) => (cid === 'logo@x' ? '/files/7' : undefined), allowRemoteImages });

describe('sanitizing HTML', () => {
  // A stripper of tags by patterns was passed by as well: GHSA-fh99-wr77-pxq3.
  it('S2: drops what runs, loads, overlays or names (GHSA-jpq8-j69f-mj98)', () => {
    const { html } = clean(
      '<script>x()</script><b onclick="x()" class="c" id="i" hx-get="/x" data-hx-post="/y" style="position:fixed;color:red;background:url(http://e/x)">keep</b><svg><a href="javascript:x()">s</a></svg><a href="java\nscript:x()">l</a><form><input></form><meta http-equiv="refresh">',
    );

    expect(html).to.equal('<b style="color:red">keep</b><a target="_blank" rel="noopener noreferrer nofollow">l</a>');
  });

  it('S4: blocks remote images and shows them on demand, but never a tracker (zammad#5193)', () => {
    const source = '<img src="https://e.example/a.png"><img src="https://e.example/t.gif" width="1" height="1">';

    expect(clean(source)).to.deep.equal({
      html: '<img data-remote-src="https://e.example/a.png" /><img width="1" height="1" />',
      blockedRemoteImages: 1,
      usedCids: [],
    });
    expect(clean(source, true).html).to.contain('<img src="https://e.example/a.png" />').and.not.contain('t.gif');
  });

  it('S4: knows a tracker by one side, by its style, and by being hidden; a line or a logo is none', () => {
    const image = (attributes: string): string => clean(`<img src="https://e.example/t.gif" ${attributes}>`, true).html;

    for (const tracker of [
      'width="1"',
      'height=" 1px "',
      'style="WIDTH:1px!important;height: 1px"',
      'style="max-height:0"',
      'style="display:none"',
    ])
      expect(image(tracker), tracker).to.not.contain('src=');
    for (const picture of [
      '',
      'width="1" height="40"',
      'width="100%" height="1"',
      'style="width:100px"',
      'width="120" style="height:1.5em"',
    ])
      expect(image(picture), picture).to.contain('src=');
  });

  it('S4: blocks an image behind an element that parsers end at different places', () => {
    for (const name of ['plaintext', 'xmp', 'noembed', 'noframes', 'title', 'textarea', 'style', 'svg', 'math'])
      expect(
        clean(`<${name}></${name}><img src="https://e.example/a.png"><${name}><img src="https://e.example/b.png">`).html,
        name,
      ).to.not.match(/<img[^>]* src=/);
    expect(clean('<p>a</p><plaintext><b>b').html).to.contain('<pre>&lt;b&gt;b</pre>');
  });

  it('S3: resolves images of the same mail only', () => {
    expect(clean('<img src="cid:LOGO@x"><img src="cid:other">')).to.deep.equal({
      html: '<img src="/files/7" /><img />',
      blockedRemoteImages: 0,
      usedCids: ['logo@x'],
    });
  });

  it('S2: shows the real host of a masked link', () => {
    expect(clean('<a href="https://evil.example/x">https://bank.example</a>').html).to.contain('[evil.example]');
    expect(clean('<a href="https://www.bank.example/x">bank.example</a>').html).not.to.contain('[');
  });

  it('S2: names the host that browsers go to, for whatever other host stands in the text', () => {
    const masked: readonly (readonly [href: string, text: string, shown: string])[] = [
      ['https://192.0.2.7/x', 'https://bank.example', '[192.0.2.7]'],
      ['https://evil.example\\@bank.example/', 'bank.example', '[evil.example]'],
      ['https://x@bank.example@evil.example/', 'bank.example', '[evil.example]'],
      [`https://${'a'.repeat(300)}@evil.example/`, 'bank.example', '[evil.example]'],
      ['https://evil.example./', 'bank.example', '[evil.example]'],
      ['https://evil.xn--p1ai/', 'bank.example', '[evil.xn--p1ai]'],
      ['https://evil.example/', '\u200Bbank.example', '[evil.example]'],
      ['https://evil.example/', 'https://bank.example (secure)', '[evil.example]'],
      ['https://evil.example/', 'Log in at https://bank.example', '[evil.example]'],
      ['https://evil.example/', 'See www.bank.example.', '[evil.example]'],
      ['https://evil.example/', 'https://bank.example@evil.example/', '[evil.example]'],
      ['mailto:eve@evil.example?subject=x', 'https://bank.example', '[eve@evil.example]'],
      ['https://evil.example/', 'https://192.0.2.7/', '[evil.example]'],
      ['mailto:eve@evil.example', 'help@bank.example', '[eve@evil.example]'],
    ];
    const honest: readonly (readonly [href: string, text: string])[] = [
      ['https://bücher.example/x', 'https://bücher.example'],
      ['https://bank.example/a?b', 'Log in at www.bank.example/a'],
      ['mailto:info@bank.example', 'info@bank.example'],
      ['mailto:info@bank.example', 'bank.example'],
      ['mailto:first.last@bank.example', 'first.last@bank.example'],
      ['mailto:info%40bank.example', 'www.bank.example'],
      ['mailto:a.b@bank.example', 'Mail: a.b@bank.example (office)'],
      ['https://shop.example/', 'Version 1.2, see e.g. the list'],
    ];

    for (const [href, text, shown] of masked) expect(clean(`<a href="${href}">${text}</a>`).html, `${href} ${text}`).to.contain(shown);
    for (const [href, text] of honest) expect(clean(`<a href="${href}">${text}</a>`).html, `${href} ${text}`).not.to.contain('[');
  });

  it('S2: survives deep nesting', () => {
    expect(clean(`${'<div>'.repeat(29_000)}end`).html).to.contain('end');
  });

  it('S2: shows HTML over 5 MB, and that of tens of thousands of elements, as its text', () => {
    const words = '<b>word</b> ';
    const [small, many, long] = [clean(words.repeat(20_000)), clean(words.repeat(40_000)), clean(`<b>${'word '.repeat(1_100_000)}</b>`)];

    expect(small.html).to.contain('<b>word</b>');
    expect(many.html).to.contain('word word').and.not.contain('<b>');
    expect(long.html).to.contain('word word').and.not.contain('<b>');
  });
});

describe('text and HTML', () => {
  // S2: a maker of links by patterns was passed by: GHSA-49pm-xwqj-vwjp.
  it('renders text escaped, with links that stop before punctuation', () => {
    expect(textToHtml('<b> see https://a.example/x.')).to.equal(
      '<div>&lt;b&gt; see <a href="https://a.example/x" target="_blank" rel="noopener noreferrer nofollow">https://a.example/x</a>.</div>',
    );
  });

  it('S5: keeps the words behind a head that nothing closes', () => {
    const html = '<html><head><title>Title</title><style>p{}</style><p>First <b>words</b></p><div>and more</div></html>';

    expect(htmlToText(html)).to.equal('First words\n\nand more');
    expect(htmlToText('<head><meta charset="utf-8">Bare words')).to.equal('Bare words');
    expect(htmlToText('<html><head>\n<title>Title</title>\n</head><body>Words</body></html>')).to.equal('Words');
  });

  it('S5: keeps the words of a CDATA section, as text', () => {
    const html = '<p>a</p><![CDATA[ x > <b>words</b> ]]><p>b</p>';

    expect(htmlToText(html)).to.equal('a\n\nx > <b>words</b>\n\nb');
    expect(clean(html).html).to.equal('<p>a</p> x &gt; &lt;b&gt;words&lt;/b&gt; <p>b</p>');
  });

  it('renders HTML as readable text', () => {
    expect(
      htmlToText(
        '<p>Hi <b>you</b></p><ul><li>one</li><li>two</li></ul><blockquote>old</blockquote><a href="https://a.example">here</a><script>x</script>',
      ),
    ).to.equal('Hi you\n\n- one\n- two\n\n> old\n\nhere <https://a.example>');
  });
});
