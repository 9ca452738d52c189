import { expect } from 'chai';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { checkTheme } from '#core/theme/index.js';
import { repository, writeTheme } from './support.js';

describe('mails that the desk writes by itself', () => {
  let desk: TestDesk;
  beforeEach(async () => {
    desk = await createTestDesk({ root: repository });
    await desk.app.desk.settings.set('mail', { from: 'help@example.com', smtp: 'smtp://127.0.0.1:1' });
  });
  afterEach(() => desk.close());
  const latest = async () => {
    const row: { subject: string; text: string; html: string; envelope: string } = await desk.storage
      .read('outbox')
      .orderBy('id', 'desc')
      .first();
    return row;
  };
  const ask = async (locale: string) => {
    await desk.app.desk.mail.sendSystem({ template: 'magic-link', to: 'mina@example.com', locale, path: '/sign-in/link?token=abc' });
    return latest();
  };

  it('carry the tokens of the theme as inline styles, in light and dark, and are small', async () => {
    await desk.app.activateTheme('harbor');
    const { html, text } = await ask('en');
    const brand =
      /<a class="m-button" href="http:\/\/desk\.example\/sign-in\/link\?token&#x3D;[^"]+" style="[^"]*background:(#[0-9a-f]{6});/.exec(
        html,
      )?.[1] ?? '';
    await desk.fetch('/admin/themes/harbor/publish', {
      method: 'POST',
      as: 'ada',
      body: new URLSearchParams({ whole: '1', 'option.hue': 'brick' }),
    });
    const other = (await ask('en')).html;

    expect(brand).to.match(/^#[0-9a-f]{6}$/);
    expect(other).not.to.contain(brand);
    expect(html).to.match(/@media \(prefers-color-scheme: dark\) \{ \.m-back \{ background: #[0-9a-f]{6}/);
    expect(html).not.to.match(/var\(|oklch|light-dark|#ffffff|#000000|<script|<link/);
    expect(html).to.contain('<html lang="en" dir="ltr">').and.contain('name="supported-color-schemes"');
    expect(Buffer.byteLength(html)).to.be.lessThan(10_000);
    expect(text).to.match(
      /^Here is your link to sign in to Helpdesk\.\nIt works once, within the next 30 minutes\.\n\nSign in:\nhttp:\/\/desk\.example\/sign-in\/link\?token=\S+\n\n-- \n/,
    );
  });

  it('follow a theme that replaces one of them, in HTML and text and in the language of the reader', async () => {
    writeTheme(desk, 'sea', {
      'theme.json': {
        title: 'Sea',
        version: '1.0.0',
        options: { sign: { type: 'text', title: 'S', default: { en: 'Bye & "thanks"', tr: 'Hoşça kalın' } } },
      },
      'emails/magic-link.hbs':
        '{{!-- template: emails/magic-link version: 1 --}}<p style="color:{{@mail.brand}}">{{@theme.sign}} {{t "sea.word"}} <a href="{{safe-url address}}">{{button}}</a></p>',
      'emails/notice-text.hbs': '{{!-- template: emails/notice.text version: 1 --}}{{@theme.sign}} {{address}}',
      'locales/en.json': { 'sea.word': 'sea' },
      'locales/tr.json': { 'sea.word': 'deniz' },
    });
    await desk.app.activateTheme('sea');

    const [english, turkish] = [await ask('en'), await ask('tr')];

    expect(english.html).to.match(/^<p style="color:#[0-9a-f]{6}">Bye &amp; &quot;thanks&quot; sea <a href="http:/);
    expect(english.text).to.match(/^Bye & "thanks" http:\/\/desk\.example\/sign-in\/link\?token=/);
    expect(turkish.html).to.contain('Hoşça kalın deniz').and.contain('Oturum aç');
    expect(
      await checkTheme(desk.app.desk.config, `${desk.app.desk.config.data}/themes/sea`).then((all) =>
        all.filter(({ level }) => level !== 'recommendation'),
      ),
    ).to.deep.equal([]);
  });

  it('are sent all the same when the template of the theme fails', async () => {
    writeTheme(desk, 'sea', { 'emails/magic-link.hbs': '{{!-- template: emails/magic-link version: 1 --}}{{> partials/nowhere}}' });
    await desk.app.desk.settings.set('site', { theme: 'sea' });
    await desk.app.theming.read();
    desk.app.plugins.rebuild();

    expect((await ask('en')).html).to.contain('class="m-button"');
  });

  it('are shown to administrators in a frame that can do nothing, with unsaved options, and sent as a test', async () => {
    await desk.fetch('/admin/themes/harbor/draft', {
      method: 'POST',
      as: 'ada',
      body: new URLSearchParams({ whole: '1', 'option.hue': 'brick' }),
    });
    const page = await (await desk.fetch('/admin/themes/harbor/mails?mail=invitation&lang=tr', { as: 'ada' })).text();
    const framed = await desk.fetch('/admin/themes/harbor/mails/invitation?lang=tr', { as: 'ada' });
    const html = await framed.text();
    const sent = await desk.fetch('/admin/themes/harbor/mails/invitation/test?lang=tr', { method: 'POST', as: 'ada' });
    const mail = await latest();

    expect(page).to.match(/id="mail-subject" dir="auto">[^<]*davet/i);
    expect(framed.headers.get('Content-Security-Policy')).to.contain("default-src 'none'").and.contain('sandbox');
    expect(html).to.contain('lang="tr"').and.contain('class="m-button"');
    expect(sent.status).to.equal(303);
    expect([mail.html, (JSON.parse(mail.envelope) as { to: readonly { email: string }[] }).to[0]?.email]).to.deep.equal([
      html,
      'ada@example.com',
    ]);
    for (const as of ['can', 'mina'] as const) expect((await desk.fetch('/admin/themes/harbor/mails', { as })).status).to.equal(403);
    expect((await desk.fetch('/admin/themes/harbor/mails/..%2f..', { as: 'ada' })).status).to.equal(404);
  });
});
