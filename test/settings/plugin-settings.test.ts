import path from 'node:path';
import { expect } from 'chai';
import { noteSettingsChange } from '#core/kernel/kernel-state.js';
import { saveMailbox } from '#core/mail/index.js';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { systemActor } from '#core/users/index.js';
import { Page } from '../desk/support.ts';
import { writePlugin } from '../plugins/support.ts';

const schema = `settings: {
  word: { type: 'string', default: 'hello', maxLength: 10 },
  count: { type: 'integer', default: 3, minimum: 1, 'x-unit': 'unit.days' },
  isOn: { type: 'boolean', default: false },
  style: { type: 'string', enum: ['stars', 'faces'], default: 'stars', 'x-showIf': { isOn: true } },
  names: { type: 'array', items: { type: 'string' }, default: [] },
  key: { type: 'string', 'x-secret': true },
  greeting: { type: 'string', default: 'Hi', 'x-scope': 'mailbox' },
  color: { type: 'string', enum: ['red', 'blue'], default: 'red', 'x-scope': 'user' },
},`;

describe('the settings of a plugin', () => {
  let desk: TestDesk;
  const write = (more = ''): void =>
    void writePlugin(path.join(desk.database.folder, 'plugins'), {
      id: 'poll',
      activate: '',
      files: { 'index.js': `export default { ${schema} ${more} activate(ctx) { globalThis.pollContext = ctx; } };` },
    });
  const context = () =>
    (globalThis as unknown as { pollContext: { settings: { onChange(listener: () => void): void; get(scope?: object): Promise<object> } } })
      .pollContext;

  beforeEach(async () => {
    desk = await createTestDesk({ findsInstalled: true });
    write();
    await desk.app.plugins.activate('poll');
  });
  afterEach(() => desk.close());

  const save = (fields: Readonly<Record<string, string>>): Promise<Response> =>
    desk
      .cookie('ada')
      .then((cookie) =>
        desk.fetch('/admin/settings?page=poll', { method: 'POST', headers: { cookie }, body: new URLSearchParams(fields) }),
      );

  it('are a form that coerces, keeps secrets to itself and shows what was wrong', async () => {
    expect((await save({ word: 'good', count: '7', isOn: 'on', style: 'faces', names: 'a\nb', key: 'pa55phrase' })).status).to.equal(303);
    const stored = await desk.app.desk.settings.get('poll');
    expect(stored).to.include({ word: 'good', count: 7, isOn: true, style: 'faces' });
    const shown = await (await desk.fetch('/admin/settings?page=poll', { as: 'ada' })).text();
    expect(shown).to.not.contain('pa55phrase').and.to.not.contain('greeting').and.to.not.contain('name="color"');
    expect(shown).to.contain('data-show-if="isOn&#x3D;true"');

    const refused = await save({ word: 'far too long a word', count: '0', style: 'faces', names: '' });
    const page = new Page(refused.status, await refused.text());
    expect(refused.status).to.equal(422);
    expect(page.value('word')).to.equal('far too long a word');
    expect(await desk.app.desk.settings.get('poll')).to.include({ word: 'good', count: 7 });
    expect(await desk.app.desk.settings.secret('poll', 'key')).to.equal('pa55phrase');
  });

  it('can differ by mailbox and by person, on the pages of both', async () => {
    const mailbox = await saveMailbox(desk.app.desk, systemActor, { name: 'Support', address: 'support@example.com', transport: null });
    const cookie = await desk.cookie('ada');
    const place = `/admin/mailboxes/${mailbox.id}`;
    expect(await (await desk.fetch(place, { headers: { cookie } })).text()).to.contain('name="poll.greeting"');
    await desk.fetch(place, {
      method: 'POST',
      headers: { cookie },
      body: new URLSearchParams({ name: 'Support', address: 'support@example.com', 'poll.greeting': 'Dear all' }),
    });
    await desk.fetch('/desk/profile/plugins', { method: 'POST', headers: { cookie }, body: new URLSearchParams({ 'poll.color': 'blue' }) });
    const wrong = await desk.fetch('/desk/profile/plugins', {
      method: 'POST',
      headers: { cookie },
      body: new URLSearchParams({ 'poll.color': 'green' }),
    });

    const { settings } = context();
    expect(wrong.status).to.equal(422);
    expect(await settings.get({ kind: 'mailbox', id: mailbox.id })).to.include({ greeting: 'Dear all', color: 'red' });
    expect(await settings.get({ kind: 'user', id: desk.people.ada.id })).to.include({ color: 'blue', greeting: 'Hi' });
    expect(await settings.get({ kind: 'user', id: desk.people.can.id })).to.include({ color: 'red' });
    expect(await settings.get()).to.include({ greeting: 'Hi', color: 'red' });
  });

  it('become those of a newer schema, keep what it does not know, and stay when the code goes back', async () => {
    await desk.app.desk.settings.set('poll', { word: 'old', count: 5 });
    await desk.storage.writeTx((tx) =>
      tx('settings').insert({ owner: 'poll', key: 'forgotten', value: '"kept"', created_at: 0, updated_at: 0 }),
    );
    const { Settings } = await import('#core/settings/index.js');
    const newer = new Settings(desk.storage, desk.app.desk.secrets, desk.clock);
    newer.define(
      'poll',
      { title: { type: 'string', default: '' }, count: { type: 'integer', default: 1 } },
      {
        version: 2,
        migrate: (old, from) => ({ title: `${String(old['word'])} from ${from}` }),
      },
    );

    expect(await newer.get('poll')).to.deep.equal({ title: 'old from 0', count: 5 });
    await newer.set('poll', { count: 6 });
    expect(await newer.get('poll')).to.deep.equal({ title: 'old from 0', count: 6 });
    const keys: string[] = await desk.storage.read('settings').where({ owner: 'poll' }).orderBy('key').pluck('key');
    expect(keys).to.include.members(['forgotten', 'title', 'word', 'count']);
    await desk.app.follow();
    expect(await desk.app.desk.settings.get('poll')).to.include({ word: 'old' });
  });

  it('reach other processes, which tell the plugin', async () => {
    let told = 0;
    context().settings.onChange(() => (told += 1));
    const { Settings } = await import('#core/settings/index.js');
    const other = new Settings(desk.storage, desk.app.desk.secrets, desk.clock);
    other.define('poll', { word: { type: 'string', default: '' } });
    await other.set('poll', { word: 'changed' });

    await desk.app.follow();

    expect(told).to.equal(1);
    expect(await context().settings.get()).to.include({ word: 'changed' });
  });

  it('cannot reach the prototype of objects', async () => {
    const hostile = JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}}') as Record<
      string,
      unknown
    >;
    const refused = await desk.app.desk.settings.set('poll', hostile).catch((error: { code: string }) => error.code);
    for (const key of ['__proto__', 'constructor', 'toString'])
      await desk.storage.writeTx(async (tx) => {
        await tx('settings').insert({ owner: 'poll', key, value: '{"polluted":true}', created_at: 0, updated_at: 0 });
        await noteSettingsChange(tx);
      });
    await desk.app.follow();
    const values = await desk.app.desk.settings.get('poll');

    expect(refused).to.equal('settings.invalid');
    expect(Object.keys(values)).to.not.include.members(['__proto__', 'constructor', 'toString']);
    expect(({} as { polluted?: boolean }).polluted).to.equal(undefined);
    expect(Object.getPrototypeOf(values)).to.equal(Object.prototype);
  });
});
