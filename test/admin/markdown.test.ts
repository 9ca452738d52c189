import { expect } from 'chai';
import { markdownToHtml } from '#core/html/index.js';

describe('Markdown of plugins', () => {
  const render = async (markdown: string): Promise<string> => (await markdownToHtml(markdown)).replaceAll('\n', '');

  it('has headings below those of the page', async () => {
    expect(await render('# Cups\n\n## Use\n\n##### Deep')).to.equal('<h3>Cups</h3><h4>Use</h4><h6>Deep</h6>');
  });

  it('has lists, tables and code', async () => {
    expect(await render('- one\n- `two`')).to.equal('<ul><li>one</li><li><code>two</code></li></ul>');
    expect(await render('|a|b|\n|-|-|\n|1|2|')).to.contain('<td>1</td><td>2</td>');
    expect(await render('```sh\nnpm test\n```')).to.contain('npm test');
  });

  it('links what is elsewhere, and not the files beside it', async () => {
    expect(await render('[site](https://cups.example/) and [file](./docs/a.md), https://two.example')).to.equal(
      '<p><a href="https://cups.example/">site</a> and file, <a href="https://two.example">https://two.example</a></p>',
    );
    expect(await render('[x](javascript:alert(1))')).to.not.contain('<a');
    expect(await render('[x](/admin/plugins)')).to.equal('<p>x</p>');
  });

  it('shows pictures as their words, and HTML as text', async () => {
    expect(await render('![A cup <b>](cup.png)')).to.equal('<p>A cup &lt;b&gt;</p>');
    expect(await render('<script>alert(1)</script>')).to.equal('<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>');
  });
});
