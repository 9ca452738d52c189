import { expect } from 'chai';
import fc from 'fast-check';
import { readHtmlTree, sanitizeMail, walk } from '#core/html/index.js';

const clean = (html: string): string => sanitizeMail(html, { cidUrl: (id) => `cid:${id}`, allowRemoteImages: false }).html;

const tags = [
  ...'a b blockquote br div img p span table td tr ul li font h1 pre hr ol center'.split(' '),
  ...'script style svg math template noscript xmp iframe object embed form input textarea title option select base meta link plaintext noembed noframes body html head foreignObject mtext annotation-xml'.split(
    ' ',
  ),
];
const names =
  'href src style title alt width class id name onclick onerror srcset background data-remote-src data-quote align target xlink:href formaction'.split(
    ' ',
  );
const values = [
  'x',
  'https://a.example/x?y=1&z',
  'javascript:alert(1)',
  'java\tscript:alert(1)',
  '&#106;avascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'data:image/svg+xml;base64,AAAA',
  'data:image/png;base64,AAAA',
  'cid:logo@x',
  'vbscript:x',
  '//evil.example/x',
  'color:red;position:fixed;background:url(http://e/x)',
  'width:expression(alert(1))',
  '" onmouseover="x',
  "'><script>x()</script>",
  'constructor',
  'onload=1',
];
const attribute = fc
  .tuple(fc.constantFrom(...names), fc.oneof(fc.constantFrom(...values), fc.string()), fc.constantFrom('"', "'", ''))
  .map(([name, value, quote]) => ` ${name}=${quote}${value}${quote}`);
const piece = fc.oneof(
  fc.tuple(fc.constantFrom(...tags), fc.array(attribute, { maxLength: 3 })).map(([tag, attributes]) => `<${tag}${attributes.join('')}>`),
  fc.constantFrom(...tags).map((tag) => `</${tag}>`),
  fc.constantFrom(
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '<!--[if mso]>',
    '<![endif]-->',
    '&lt;script&gt;',
    '&amp;lt;',
    '&#0;',
    '\u0000',
    '<',
    '>',
    '"',
    '<a href="https://evil.example/">https://bank.example/x</a>',
  ),
  fc.string({ unit: 'binary' }),
);
const html = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(''));

const allowed =
  /^(?:a|abbr|b|blockquote|br|caption|center|cite|code|col|colgroup|dd|del|div|dl|dt|em|font|h[1-6]|hr|i|img|ins|kbd|li|mark|ol|p|pre|q|s|samp|small|span|strike|strong|sub|sup|table|tbody|td|tfoot|th|thead|tr|tt|u|ul|var|wbr|address|article|section|header|footer|main)$/;
const allowedNames =
  /^(?:style|dir|lang|align|title|data-quote|href|target|rel|src|alt|width|height|data-remote-src|valign|bgcolor|border|cellpadding|cellspacing|colspan|rowspan|start|type|color|face|size)$/;

/** What is in cleaned HTML that must not be. */
function complaint(cleaned: string): string | undefined {
  for (const node of walk(readHtmlTree(cleaned))) {
    if (node.kind !== 'element') continue;
    if (!allowed.test(node.name)) return `<${node.name}>`;
    for (const [name, value] of Object.entries(node.attributes)) {
      if (!allowedNames.test(name)) return `${name}=`;
      if (name === 'href' && !/^(?:https?:|mailto:|tel:)/i.test(value)) return `href ${value}`;
      if (name === 'src' && !/^(?:cid:|data:image\/(?:png|gif|jpe?g|webp);)/i.test(value)) return `src ${value}`;
      if (name === 'style' && /url\s*\(|expression|position|z-index|@|\\|behavior|display|float|transform/i.test(value))
        return `style ${value}`;
    }
  }
  return undefined;
}

describe('cleaning any HTML', () => {
  it('S2: leaves only what the list allows, whatever comes in', () => {
    fc.assert(
      fc.property(html, (source) => {
        expect(complaint(clean(source)), source).to.equal(undefined);
      }),
      { numRuns: 2000 },
    );
  });

  it('S1: changes nothing that was cleaned before', () => {
    fc.assert(
      fc.property(html, (source) => {
        const once = clean(source);
        expect(clean(once)).to.equal(once);
      }),
      { numRuns: 2000 },
    );
  });

  it('S5: keeps the words between comments for Outlook and style comments (zammad#3255)', () => {
    expect(clean('<!--[if mso]><p>for Outlook</p><![endif]--><p>words</p><style><!-- p{} --></style><p>more</p>'))
      .to.contain('words')
      .and.contain('more');
    expect(clean('<![if !mso]><p>words</p><![endif]>')).to.contain('words');
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{5,20}$/), (word) => {
        expect(clean(`<!--[if gte mso 9]><xml></xml><![endif]--><div>${word}</div>`)).to.contain(word);
      }),
      { numRuns: 100 },
    );
  });
});
