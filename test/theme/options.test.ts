import { expect } from 'chai';
import type { ThemeOptions } from '#core/theme/index.js';
import { customProperties, fitValues, templateValues } from '#core/theme/index.js';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { home, tick, writeTheme } from './support.js';

const options: ThemeOptions = {
  accent: { type: 'color', title: 'Accent', default: '#336699' },
  gap: { type: 'number', title: 'Gap', default: 8, minimum: 0, maximum: 40, unit: 'px' },
  wide: { type: 'boolean', title: 'Wide', default: false },
  palette: {
    type: 'enum',
    title: 'Palette',
    default: 'sea',
    values: [
      { value: 'sea', title: 'Sea', properties: { '--hue-brand': '200' } },
      { value: 'sand', title: 'Sand', properties: { '--hue-brand': '80' } },
    ],
  },
  slogan: { type: 'text', title: 'Slogan', default: { en: 'Hello', tr: 'Merhaba' }, maxLength: 20 },
  link: { type: 'text', title: 'Link', format: 'url' },
  picture: { type: 'image', title: 'Picture' },
};

describe('options of a theme', () => {
  const wrong: readonly (readonly [string, unknown])[] = [
    ['accent', 'red;}body{display:none'],
    ['accent', '#12345'],
    ['accent', 'url(https://elsewhere.example/)'],
    ['gap', '41'],
    ['gap', '1px;color:red'],
    ['gap', Number.NaN],
    ['gap', ''],
    ['wide', 'yes'],
    ['palette', 'constructor'],
    ['palette', 'sea"; '],
    ['slogan', 'a'.repeat(21)],
    ['slogan', 'two\nlines'],
    ['slogan', 'java\u200Bscript:alert(1)'],
    ['slogan', ' JavaScript :alert(1)'],
    ['link', 'javascript:alert(1)'],
    ['link', 'java\tscript:alert(1)'],
    ['link', 'data:text/html,x'],
    ['link', '//elsewhere.example'],
    ['link', '/\\elsewhere.example'],
    ['picture', '5'],
    ['picture', -1],
  ];
  for (const [name, value] of wrong) {
    it(`refuse ${JSON.stringify(value)} for ${name}`, () => {
      expect(fitValues(options, { [name]: value })).to.deep.equal({ values: {}, wrong: [name] });
    });
  }

  it('take what fits, and pass over names that no option has', () => {
    const given = {
      accent: '#ABCDEF',
      gap: '12',
      wide: true,
      palette: 'sand',
      slogan: ' Ahoy ',
      link: 'https://a.example/b?c=d',
      ['__proto__']: 1,
      gone: 2,
    };

    expect(fitValues(options, given)).to.deep.equal({
      values: { accent: '#abcdef', gap: 12, wide: true, palette: 'sand', slogan: 'Ahoy', link: 'https://a.example/b?c=d' },
      wrong: [],
    });
  });

  it('become custom properties, and nothing typed by people is among them', () => {
    const { values } = fitValues(options, { gap: 12, palette: 'sand', slogan: 'Ahoy', picture: 7 });

    expect(customProperties(options, values)).to.deep.equal({
      '--theme-accent': '#336699',
      '--theme-gap': '12px',
      '--theme-wide': '0',
      '--hue-brand': '80',
      '--theme-picture': 'url("/theme/images/7")',
    });
    expect(templateValues(options, values, 'tr')).to.include({ slogan: 'Ahoy', picture: '/theme/images/7' });
    expect(templateValues(options, {}, 'tr')).to.include({ slogan: 'Merhaba', picture: '' });
  });

  describe('on a desk', () => {
    let desk: TestDesk;
    beforeEach(async () => {
      desk = await createTestDesk();
      writeTheme(desk, 'sea', {
        'theme.json': { title: 'Sea', version: '1.0.0', options },
        'pages/portal/home.hbs':
          '{{!-- template: portal/home version: 1 --}}<h1>{{@theme.slogan}}</h1><a href="{{safe-url @theme.link}}">x</a>{{#each openTickets}}{{@theme.slogan}}{{/each}}',
      });
      await desk.app.activateTheme('sea');
    });
    afterEach(() => desk.close());
    const publish = (body: Readonly<Record<string, string>>) =>
      desk.fetch('/admin/themes/sea/publish', { method: 'POST', as: 'ada', body: new URLSearchParams({ whole: '1', ...body }) });

    it('are published for everybody, as styles, attributes and texts', async () => {
      const before = await home(desk);
      const published = await publish({
        'option.gap': '20',
        'option.palette': 'sand',
        'option.slogan': '<b>Ahoy</b>',
        'option.wide': '1',
        'option.link': '/kb',
      });
      const { html } = await home(desk);
      const address = /href="(\/theme\.css[^"]*)"/.exec(html)?.[1]?.replaceAll('&#x3D;', '=') ?? '';
      const styles = await desk.fetch(address);

      expect(before.html).to.contain('<h1>Hello</h1>');
      expect(published.status).to.equal(303);
      expect(html).to.contain('<h1>&lt;b&gt;Ahoy&lt;/b&gt;</h1><a href="/kb">');
      expect(html).to.contain('data-theme-palette="sand"').and.contain('data-theme-wide="true"');
      expect(await styles.text())
        .to.contain('--theme-gap: 20px;')
        .and.contain('--hue-brand: 80;');
      expect(styles.headers.get('Cache-Control')).to.contain('immutable');
    });

    it('reach another process within its next look', async () => {
      const other = await createTestDesk({ beside: desk });

      await publish({ 'option.slogan': 'Ahoy' });
      await tick(other);

      expect((await home(other)).html).to.contain('<h1>Ahoy</h1>');
      await other.close();
    });

    it('are refused with a script in an address, and the form comes back', async () => {
      const refused = await publish({ 'option.link': 'javascript:alert(1)' });

      expect(refused.status).to.equal(422);
      expect((await home(desk)).html).not.to.contain('javascript');
    });

    it('print no script even when the database holds one', async () => {
      await publish({ 'option.slogan': 'Ahoy' });
      await desk.storage.writeTx((tx) => tx('theme_versions').update({ options: '{"link":"javascript:alert(1)","gap":"1;}"}' }));
      await tick(desk);

      const { html } = await home(desk);

      expect(html).not.to.contain('javascript');
      expect(html).to.contain('<a href="">');
    });

    it('keep the last ten publications, and bring an earlier one back', async () => {
      for (let index = 0; index < 12; index++) await publish({ 'option.gap': String(index) });
      const kept: { id: number; options: string }[] = await desk.storage.read('theme_versions').orderBy('id');
      const restored = await desk.fetch(`/admin/themes/sea/restore/${kept[0]?.id}`, { method: 'POST', as: 'ada' });

      // Eight is the default, which is not stored.
      expect(kept.map((row) => (JSON.parse(row.options) as { gap?: number }).gap)).to.deep.equal([2, 3, 4, 5, 6, 7, undefined, 9, 10, 11]);
      expect(restored.status).to.equal(303);
      expect(await (await desk.fetch('/theme.css')).text()).to.contain('--theme-gap: 2px;');
    });

    it('keep a picture in the file store, show it to everybody once it is published, and never sweep it', async () => {
      const body = new FormData();
      body.set('whole', '1');
      body.set('option.picture', new File([Buffer.from('89504e470d0a1a0a', 'hex')], 'logo.png', { type: 'image/png' }));
      expect((await desk.fetch('/admin/themes/sea/draft', { method: 'POST', as: 'ada', body })).status).to.equal(303);
      const { id = 0 } = (await desk.storage.read('files').max({ id: 'id' }).first()) ?? {};
      const early = [
        await desk.fetch(`/theme/images/${id}`),
        await desk.fetch(`/theme/images/${id}`, { as: 'mina' }),
        await desk.fetch(`/theme/images/${id}`, { as: 'ada' }),
      ];
      await desk.fetch('/admin/themes/sea/publish', { method: 'POST', as: 'ada' });
      desk.clock.advance(3 * 86_400_000);
      const shown = await desk.fetch(`/theme/images/${id}`);

      expect(early.map(({ status }) => status)).to.deep.equal([404, 404, 200]);
      expect([shown.status, shown.headers.get('Content-Type')]).to.deep.equal([200, 'image/png']);
      expect(await desk.violations()).to.deep.equal([]);
    });
  });
});
