import { expect } from 'chai';
import { checkTheme } from '#core/theme/index.js';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { home, writeTheme } from './support.js';

const header = '{{!-- template: portal/home version: 1 --}}';

describe('a child theme', () => {
  let desk: TestDesk;
  beforeEach(async () => {
    desk = await createTestDesk();
  });
  afterEach(() => desk.close());

  it('comes before its parent in pages, partials, texts, styles and options', async () => {
    writeTheme(desk, 'grand', {
      'theme.json': {
        title: 'Grand',
        version: '1.0.0',
        options: { a: { type: 'text', title: 'A', default: 'grand a' }, b: { type: 'text', title: 'B', default: 'grand b' } },
      },
      'pages/portal/home.hbs': `${header}{{> partials/one}} {{> partials/two}} {{> partials/three}} {{@theme.a}} {{@theme.b}} {{t "portal.home.title"}} {{t "portal.write"}}`,
      'partials/one.hbs': 'one of grand',
      'partials/two.hbs': 'two of grand',
      'partials/three.hbs': 'three of grand',
      'locales/en.json': { 'portal.home.title': 'title of grand', 'portal.write': 'write of grand' },
      'tokens.css': '',
    });
    writeTheme(desk, 'parent', {
      'theme.json': {
        title: 'Parent',
        version: '1.0.0',
        extends: 'grand',
        options: { b: { type: 'text', title: 'B', default: 'parent b' } },
      },
      'partials/two.hbs': 'two of parent',
      'partials/three.hbs': 'three of parent',
      'locales/en.json': { 'portal.write': 'write of parent' },
      'theme.css': '',
    });
    writeTheme(desk, 'child', {
      'theme.json': { title: 'Child', version: '1.0.0', extends: 'parent' },
      'partials/three.hbs': 'three of child',
      'theme.css': '',
    });
    await desk.app.activateTheme('child');

    const { html } = await home(desk);

    expect(html).to.contain('one of grand two of parent three of child grand a parent b title of grand write of parent');
    const linked = [...html.matchAll(/<link rel="stylesheet" href="(\/assets\/t\/[^/]+)\/[^/]+\/([^"]+)"/g)].map(
      ([, place, file]) => `${place}/${file}`,
    );
    expect(linked).to.deep.equal(['/assets/t/grand/tokens.css', '/assets/t/parent/theme.css', '/assets/t/child/theme.css']);
  });

  it('is refused without its parent, and in a circle', async () => {
    const orphan = writeTheme(desk, 'orphan', { 'theme.json': { title: 'O', version: '1.0.0', extends: 'nobody' } });
    const one = writeTheme(desk, 'one', { 'theme.json': { title: 'One', version: '1.0.0', extends: 'two' } });
    writeTheme(desk, 'two', { 'theme.json': { title: 'Two', version: '1.0.0', extends: 'one' } });
    const self = writeTheme(desk, 'self', { 'theme.json': { title: 'Self', version: '1.0.0', extends: 'self' } });

    const fatal = async (folder: string) =>
      (await checkTheme(desk.app.desk.config, folder)).filter(({ level }) => level === 'fatal').map(({ text }) => text);

    expect(await fatal(orphan)).to.deep.equal(['theme.json: it extends nobody, and there is no such theme here.']);
    expect(await fatal(one)).to.deep.equal(['The theme one extends itself, through one and two.']);
    expect(await fatal(self)).to.deep.equal(['The theme self extends itself, through self.']);
    const refused = await desk.app.activateTheme('one').then(
      () => 'used',
      (error: { code?: string }) => error.code,
    );
    expect(refused).to.equal('themes.check-failed');
    expect((await home(desk)).status).to.equal(200);
  });
});
