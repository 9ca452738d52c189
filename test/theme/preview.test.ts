import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { home, writeTheme } from './support.js';

const header = '{{!-- template: portal/home version: 1 --}}';

describe('the theme preview', () => {
  let desk: TestDesk;
  let cookie: string;
  beforeEach(async () => {
    desk = await createTestDesk();
    writeTheme(desk, 'sea', {
      'theme.json': {
        title: 'Sea',
        version: '1.0.0',
        groups: [{ id: 'look', title: { en: 'Look', tr: 'Görünüm' } }],
        options: {
          hue: { type: 'number', title: 'Hue', group: 'look', default: 200, minimum: 0, maximum: 360, property: '--hue-brand' },
          slogan: { type: 'text', title: { en: 'Slogan', tr: 'Slogan' }, default: 'Hello' },
        },
      },
      'pages/portal/home.hbs': `${header}<h1>{{@theme.slogan}} {{t "sea.word"}}</h1><a href="/tickets/new?a=1#b">x</a><form method="get" action="/kb"></form><a href="https://elsewhere.example/">y</a>`,
      'locales/en.json': { 'sea.word': 'sea' },
      'locales/tr.json': { 'sea.word': 'deniz' },
    });
    cookie = await desk.cookie('ada');
  });
  afterEach(() => desk.close());

  const open = (address: string, by = cookie, init: RequestInit = {}) =>
    desk.fetch(address, { ...init, headers: { Cookie: by, 'Accept-Language': 'en' } });
  const draft = (values: Readonly<Record<string, string>>, accept = 'text/html') =>
    desk.fetch('/admin/themes/sea/draft?device=phone', {
      method: 'POST',
      headers: { Cookie: cookie, Accept: accept },
      body: new URLSearchParams({ whole: '1', ...values }),
    });
  async function parameter(query = ''): Promise<string> {
    const html = await (await open(`/admin/themes/sea/preview${query}`)).text();
    return decodeURIComponent(/<iframe[^>]*preview=([^"]+)"|<iframe[^>]*preview&#x3D;([^"]+)"/.exec(html)?.slice(1).find(Boolean) ?? '');
  }
  const at = (address: string, token: string) => `${address}?preview=${encodeURIComponent(token)}`;

  it('shows a theme that is not in use with unsaved values to its administrator, and to nobody else', async () => {
    const kept = await draft({ 'option.slogan': 'Ahoy', 'option.hue': '30' });
    const token = await parameter();
    const shown = await open(at('/', token));
    const html = await shown.text();
    const styles = await (await open(at('/theme.css', token))).text();
    const page = await (await open('/admin/themes/sea/preview')).text();

    expect([kept.status, kept.headers.get('Location')]).to.deep.equal([303, '/admin/themes/sea/preview?device=phone']);
    expect(html).to.contain('<h1>Ahoy sea</h1>');
    expect(styles).to.contain('--hue-brand: 30;');
    expect(page).to.contain('value="Ahoy"').and.contain('You have changes that nobody else sees yet.');
    expect(shown.headers.get('X-Frame-Options')).to.equal(null);
    expect(shown.headers.get('Content-Security-Policy')).to.contain("frame-ancestors 'self'");
    for (const as of [undefined, 'ada', 'mina'] as const) expect((await home(desk, as)).html).not.to.contain('Ahoy');
    expect((await desk.fetch('/')).headers.get('X-Frame-Options')).to.equal('DENY');
    expect((await desk.app.desk.settings.get('site'))['theme']).to.equal('default');
  });

  it('carries the token on in links, forms and redirects of the page', async () => {
    const token = await parameter();
    const html = await (await open(at('/', token))).text();
    const away = await open(at('/sign-in/link', token));

    expect(html).to.match(/href="\/tickets\/new\?a=1&amp;preview=[^"]+#b"/);
    expect(html).to.match(/<form method="get" action="\/kb\?preview=[^"]+"><input type="hidden" name="preview" value="[^"]+">/);
    expect(html).to.contain('href="https://elsewhere.example/"');
    expect(html).to.match(/<script type="module" src="\/assets\/core\/[^"]+\/preview-frame.js"><\/script><\/head>/);
    expect(away.status).to.be.lessThan(500);
  });

  it('speaks the language and shows the scheme that was chosen, and the sign-in page as to a stranger', async () => {
    const token = await parameter('?lang=tr&scheme=dark');
    const html = await (await open(at('/', token))).text();
    const signIn = await (await open(at('/sign-in', token))).text();

    expect(html).to.contain('lang="tr"').and.contain('data-scheme="dark"').and.contain('Hello deniz');
    expect(signIn).to.contain('name="password"');
  });

  it('works only for the session it was made for, for four hours, and unforged', async () => {
    const token = await parameter();
    const [body = '', rest = ''] = token.split('.');
    const forged = Buffer.from(Buffer.from(body, 'base64url').toString().replace('"sea"', '"default"')).toString('base64url');
    const attempts = [
      await open(at('/', token), await desk.cookie('ada')),
      await open(at('/', token), await desk.cookie('can')),
      await open(at('/', token), await desk.cookie('mina')),
      await desk.fetch(at('/', token)),
      await open(at('/', `${forged}.${rest}`)),
      await open(at('/', `${body}.x`)),
      await open(at('/', '')),
      await open(at('/', '..~en')),
    ];
    desk.clock.advance(4 * 3_600_000 + 1);
    attempts.push(await open(at('/', token)));

    expect(attempts.map(({ status }) => status)).to.deep.equal(attempts.map(() => 403));
  });

  it('sends nothing', async () => {
    const token = await parameter();
    const sent = await open(at('/tickets', token), cookie, { method: 'POST', body: new URLSearchParams({ subject: 'x', body: 'y' }) });

    expect(sent.status).to.equal(403);
    expect(await desk.storage.read('tickets').count({ n: '*' }).first()).to.deep.equal({ n: 0 });
  });

  it('drops what is discarded, publishes what is published, and resets one option', async () => {
    await draft({ 'option.slogan': 'Ahoy', 'option.hue': '30' });
    await draft({ 'option.slogan': 'Ahoy', 'option.hue': '30', reset: 'hue' });
    const reset = await (await open(at('/theme.css', await parameter()))).text();
    await desk.fetch('/admin/themes/sea/discard', { method: 'POST', headers: { Cookie: cookie } });
    const dropped = await (await open(at('/', await parameter()))).text();
    await draft({ 'option.slogan': 'Land' });
    const used = await desk.fetch('/admin/themes/sea/publish?activate=1', { method: 'POST', headers: { Cookie: cookie } });

    expect(reset).to.contain('--hue-brand: 200;');
    expect(dropped).to.contain('<h1>Hello sea</h1>');
    expect(used.status).to.equal(303);
    expect((await home(desk)).html).to.contain('<h1>Land sea</h1>');
    expect(await desk.storage.read('theme_drafts').count({ n: '*' }).first()).to.deep.equal({ n: 0 });
  });

  it('answers script with what to set in the frame, and with what became hard to read', async () => {
    writeTheme(desk, 'sea', {
      'theme.json': {
        title: 'Sea',
        version: '1.0.0',
        options: { ink: { type: 'color', title: 'Ink', default: '#101010', property: '--color-ink' } },
      },
    });
    const answer = await draft({ 'option.ink': '#eeeeee' }, 'application/json');
    const body = (await answer.json()) as { properties: Record<string, string>; problems: readonly string[] };

    expect(body.properties).to.deep.equal({ '--color-ink': '#eeeeee' });
    expect(body.problems.some((text) => /--color-ink on --color-canvas has a contrast of 1\.\d+:1 in light/.test(text))).to.equal(true);
  });

  it('is for those who manage plugins and themes', async () => {
    for (const [method, address] of [
      ['GET', 'preview'],
      ['POST', 'draft'],
      ['POST', 'publish'],
      ['POST', 'discard'],
      ['POST', 'restore/1'],
      ['POST', 'activate'],
      ['POST', 'remove'],
      ['GET', 'diff?template=portal/home'],
    ] as const) {
      const statuses = [];
      for (const as of ['can', 'mina'] as const) statuses.push((await desk.fetch(`/admin/themes/sea/${address}`, { method, as })).status);
      expect(statuses, address).to.deep.equal([403, 403]);
    }
  });

  it('knows themes by a list of names and never by a path', async () => {
    const { data } = desk.app.desk.config;
    symlinkSync(path.join(data, 'themes/sea'), path.join(data, 'themes/linked'), 'dir');
    const names = [
      '..',
      '%2e%2e',
      '%252e%252e',
      '..%5c..%5csea',
      '..%2fthemes%2fsea',
      '%2fetc',
      'sea%00',
      'sea%2f',
      'SEA',
      'linked',
      'constructor',
      '__proto__',
    ];
    const found: string[] = [];
    for (const name of names)
      for (const rest of ['preview', 'diff?template=portal/home']) {
        const { status } = await open(`/admin/themes/${name}/${rest}`);
        if (status !== 404) found.push(`${name}/${rest}: ${status}`);
      }
    for (const template of ['../../theme.json', '..%2f..%2ftheme', '/etc/passwd', 'portal/home%00', 'constructor']) {
      const { status } = await open(`/admin/themes/sea/diff?template=${template}`);
      if (status !== 404) found.push(`${template}: ${status}`);
    }
    for (const file of [
      '..%2f..%2fhelpdesk.sqlite',
      '%2e%2e/%2e%2e/secret.key',
      '..%5c..%5csecret.key',
      '/etc/passwd',
      'theme.json%00.css',
    ])
      for (const place of ['t/sea/0', 't/linked/0', 't/..%2f..']) {
        const { status } = await desk.fetch(`/assets/${place}/${file}`);
        if (status !== 404) found.push(`${place}/${file}: ${status}`);
      }

    expect(found).to.deep.equal([]);
  });
});
