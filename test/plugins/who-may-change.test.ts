import path from 'node:path';
import { expect } from 'chai';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { issuePreview } from '#core/theme/index.js';
import { Page } from '../desk/support.ts';
import { packed } from './packages.ts';
import { writePlugin } from './support.ts';

const source = `export default {
  settings: { word: { type: 'string', default: 'hello' }, tone: { type: 'string', default: 'warm', 'x-scope': 'mailbox' } },
  activate() {},
};`;

/** What installs, switches, configures or removes a plugin, each with the page that its question leads back to. */
const changes: readonly {
  readonly what: string;
  readonly url: string;
  readonly next: string;
  readonly form?: Readonly<Record<string, string>>;
}[] = [
  { what: 'installing', url: '/admin/plugins/install/1', next: '/admin/plugins/install', form: { sha256: 'x' } },
  { what: 'discarding an upload', url: '/admin/plugins/install/1/discard', next: '/admin/plugins/install' },
  { what: 'switching on', url: '/admin/plugins/idle/activate', next: '/admin/plugins' },
  { what: 'switching off', url: '/admin/plugins/poll/deactivate', next: '/admin/plugins' },
  { what: 'configuring', url: '/admin/settings?page=poll', next: '/admin/settings?page=poll', form: { word: 'changed' } },
  { what: 'uninstalling', url: '/admin/plugins/idle/uninstall', next: '/admin/plugins/idle' },
  { what: 'deleting data', url: '/admin/plugins/idle/delete-data', next: '/admin/plugins/idle', form: { confirm: 'idle' } },
];

describe('who may change plugins', () => {
  let desk: TestDesk;
  before(async () => {
    desk = await createTestDesk({ findsInstalled: true });
    for (const id of ['poll', 'idle'])
      writePlugin(path.join(desk.database.folder, 'plugins'), { id, activate: '', files: { 'index.js': source } });
    await desk.app.plugins.activate('poll');
  });
  after(() => desk.close());

  const post = (
    url: string,
    form: Readonly<Record<string, string>> | FormData,
    headers: Readonly<Record<string, string>>,
  ): Promise<Response> => desk.fetch(url, { method: 'POST', headers, body: form instanceof FormData ? form : new URLSearchParams(form) });
  const state = async (): Promise<unknown> => [
    (await desk.app.plugins.list()).map(({ id, isRunning, row }) => [id, isRunning, row?.isDesired]),
    await desk.app.desk.settings.get('poll'),
    Number((await desk.storage.read('files').count({ n: '*' }).first())?.['n']),
  ];

  for (const { what, url, next, form = {} } of changes) {
    it(`S38: refuses ${what} to an agent, a customer, another site, a preview link and nobody`, async () => {
      const before = await state();
      const cookie = await desk.cookie('ada');
      const session = await desk.storage.read('sessions').where({ user_id: desk.people.ada.id }).orderBy('id', 'desc').first('id');
      const token = issuePreview(
        desk.app.desk.secrets.signingKey('theme-preview'),
        { theme: 'default', sessionId: session.id, userId: desk.people.ada.id },
        desk.clock.now(),
      );
      const preview = `${url}${url.includes('?') ? '&' : '?'}preview=${token}~en~light`;

      expect((await post(url, form, { cookie: await desk.cookie('can') })).status).to.equal(403);
      expect((await post(url, form, { cookie: await desk.cookie('mina') })).status).to.equal(403);
      expect((await post(url, form, { cookie, 'Sec-Fetch-Site': 'cross-site' })).status).to.equal(403);
      for (const address of [url, preview]) {
        const answer = await post(address, form, { Accept: 'application/json' });
        expect(answer.status).to.equal(401);
      }
      expect(await state()).to.deep.equal(before);
    });

    it(`S38: asks for a fresh sign-in before ${what}`, async () => {
      const before = await state();
      const cookie = await desk.cookie('ada');
      desk.clock.advance(11 * 60_000);

      const answer = await post(url, form, { cookie });

      const question = `/sign-in/confirm?next=${encodeURIComponent(next)}`;
      if (what === 'configuring') {
        const page = new Page(answer.status, await answer.text());
        expect(answer.status).to.equal(403);
        expect([page.value('word'), page.href('Confirm that it is you')]).to.deep.equal(['changed', question]);
      } else expect([answer.status, answer.headers.get('Location')]).to.deep.equal([303, question]);
      expect(await state()).to.deep.equal(before);
    });
  }

  it('S38: asks for a fresh sign-in before an upload is kept', async () => {
    const archive = await packed(path.join(desk.database.folder, 'sources'), { id: 'late', manifest: {}, activate: '' });
    const before = await state();
    const cookie = await desk.cookie('ada');
    desk.clock.advance(11 * 60_000);
    const form = new FormData();
    form.set('archive', new Blob([new Uint8Array(archive)]), 'late.tgz');

    expect((await post('/admin/plugins/install', form, { cookie })).headers.get('Location')).to.match(/^\/sign-in\/confirm/);
    expect(await state()).to.deep.equal(before);
  });

  it('S38: asks for a fresh sign-in before a plugin is told something for one mailbox, and not for what core keeps of it', async () => {
    const cookie = await desk.cookie('ada');
    const add = { name: 'Shop', address: 'shop@example.com', signature: '', encryption: 'tls', port: '465', host: '' };
    await post('/admin/mailboxes', add, { cookie });
    const { id } = await desk.storage.read('mailboxes').where({ address: add.address }).first('id');
    const page = `/admin/mailboxes/${id}`;
    desk.clock.advance(11 * 60_000);

    const own = await post(page, { ...add, name: 'The shop', 'poll.tone': 'warm' }, { cookie });
    const answer = await post(page, { ...add, name: 'Another shop', 'poll.tone': 'cold' }, { cookie });

    expect(own.headers.get('Location')).to.equal('/admin/mailboxes');
    const shown = new Page(answer.status, await answer.text());
    expect([shown.status, shown.value('poll.tone'), shown.value('name')]).to.deep.equal([403, 'cold', 'Another shop']);
    expect(shown.href('Confirm that it is you')).to.equal(`/sign-in/confirm?next=${encodeURIComponent(page)}`);
    expect(await desk.app.desk.settings.get('poll', { kind: 'mailbox', id })).to.include({ tone: 'warm' });
    expect((await desk.storage.read('mailboxes').where({ id }).first('name')).name).to.equal('The shop');
  });

  it('S38: configures a plugin once the password was typed, and settings of the desk itself without it', async () => {
    const cookie = await desk.cookie('ada');
    desk.clock.advance(11 * 60_000);
    const own = '/admin/settings?page=mail-sign-in';
    const shown = new Page(200, await (await desk.fetch(own, { headers: { cookie } })).text());
    expect((await post(own, Object.fromEntries(shown.form(own)), { cookie })).status).to.equal(303);
    const next = '/admin/settings?page=poll';
    expect((await post('/sign-in/confirm', { password: 'ada has a password', next }, { cookie })).headers.get('Location')).to.equal(next);
    expect((await post(next, { word: 'fresh' }, { cookie })).status).to.equal(303);
    expect(await desk.app.desk.settings.get('poll')).to.include({ word: 'fresh' });
  });
});
