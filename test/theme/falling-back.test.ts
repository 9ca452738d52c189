import { existsSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { home, tick, writeTheme } from './support.js';

const header = '{{!-- template: portal/home version: 1 --}}';

describe('a portal whose theme is gone or broken', () => {
  let desk: TestDesk;
  let child: string;
  let parent: string;
  beforeEach(async () => {
    desk = await createTestDesk();
    parent = writeTheme(desk, 'parent', { 'pages/portal/home.hbs': `${header}<h1>parent</h1>` });
    child = writeTheme(desk, 'child', {
      'theme.json': { title: 'Child', version: '1.0.0', extends: 'parent' },
      'pages/portal/home.hbs': `${header}<h1>child</h1>`,
      'locales/en.json': { 'portal.write': 'Ahoy' },
    });
    await desk.app.activateTheme('child');
  });
  afterEach(() => desk.close());
  const page = async (address: string) => (await desk.fetch(address, { as: 'ada', headers: { 'Accept-Language': 'en' } })).text();

  it('shows the parent, then core, and says so on Themes and Health', async () => {
    rmSync(child, { recursive: true });
    const between = await home(desk);
    await tick(desk);
    const withParent = await home(desk);
    const told = [await page('/admin/themes'), await page('/admin/health')];
    rmSync(parent, { recursive: true });
    await tick(desk);
    const alone = await home(desk);

    expect(existsSync(child)).to.equal(false);
    expect([between.status, withParent.status, alone.status]).to.deep.equal([200, 200, 200]);
    expect(withParent.html).to.contain('<h1>parent</h1>');
    expect(alone.html).to.contain('class="hero"');
    expect(told[0]).to.contain('The files of the theme <bdi>child</bdi> are gone, so <bdi>parent</bdi> is shown instead.');
    expect(told[1]).to.match(/The chosen theme (<bdi>)?child(<\/bdi>)? cannot be used/);
  });

  it('shows the parent while the theme is half copied, and the theme again when it is whole', async () => {
    const whole = JSON.stringify({ title: 'Child', version: '1.0.1', extends: 'parent' });
    writeFileSync(path.join(child, 'theme.json'), whole.slice(0, 20));
    await tick(desk);
    const half = await home(desk);
    writeFileSync(path.join(child, 'theme.json'), whole);
    await tick(desk);

    expect([half.status, half.html.includes('<h1>parent</h1>')]).to.deep.equal([200, true]);
    expect((await home(desk)).html).to.contain('<h1>child</h1>');
  });

  it('starts with a theme whose folder is gone', async () => {
    rmSync(child, { recursive: true });
    const other = await createTestDesk({ beside: desk });

    expect((await home(other)).html).to.contain('<h1>parent</h1>');
    await other.close();
  });

  for (const [what, file, content] of [
    ['a template that does not parse', 'pages/portal/home.hbs', '{{#if x}}'],
    ['a template that names a partial nobody has', 'pages/portal/home.hbs', `${header}{{> partials/nowhere}}`],
    ['a template that calls a helper nobody has', 'pages/portal/home.hbs', `${header}{{nobody "x"}}`],
    ['a partial that includes itself', 'partials/again.hbs', '{{> partials/again}}'],
    ['loops in loops without an end', 'pages/portal/home.hbs', header + loops(14)],
    ['texts that are not JSON', 'locales/en.json', '{'],
    ['options that are not options', 'theme.json', '{"title":"C","version":"1.0.0","options":[]}'],
  ] as const) {
    it(`answers with 200 in spite of ${what}`, async () => {
      if (file === 'partials/again.hbs')
        writeTheme(desk, 'child', {
          'theme.json': { title: 'C', version: '1.0.0', extends: 'parent' },
          'pages/portal/home.hbs': `${header}{{> partials/again}}`,
        });
      writeFileSync(ensured(path.join(child, file)), content);
      await desk.app.theming.read();
      desk.app.plugins.rebuild();

      const { status, html } = await home(desk);
      const health = await page('/admin/health');

      expect(status).to.equal(200);
      expect(html).to.contain('</html>');
      if (file.endsWith('.hbs')) expect(health).to.contain('Some templates of the theme are not used as they are.');
      expect((await desk.fetch('/admin/themes', { as: 'ada' })).status).to.equal(200);
    });
  }

  function ensured(file: string): string {
    writeTheme(desk, 'child', {
      'theme.json': { title: 'C', version: '1.0.0', extends: 'parent' },
      'partials/keep.hbs': '',
      'locales/tr.json': {},
    });
    return file;
  }
});

function loops(depth: number): string {
  // Each turns over the letters of the languages the page offers, which every page has.
  return depth === 0
    ? '.'
    : `{{#each @root.request.site.locales}}{{#each @root.request.site.locales}}${loops(depth - 1)}{{/each}}{{/each}}`;
}
