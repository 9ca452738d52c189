import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { writePlugin } from './support.ts';

const bundled = path.resolve(import.meta.dirname, '../../../plugins');

describe('the names of plugins in the administration', () => {
  let desk: TestDesk;
  beforeEach(async () => {
    desk = await createTestDesk({ findsInstalled: true });
    writePlugin(path.join(desk.database.folder, 'plugins'), {
      id: 'poll',
      manifest: { title: 'Poll', locales: './locales', permissions: [{ key: 'poll.line.read', title: 'poll.may-read' }] },
      activate: "ctx.health(async () => [{ id: 'poll', status: 'good', text: 'poll.fine' }]);",
      files: {
        'locales/en.json': JSON.stringify({
          'poll.plugin.title': 'Opinion poll',
          'poll.plugin.description': 'Asks around.',
          'poll.may-read': 'Read lines',
          'poll.fine': 'All is fine.',
        }),
        'locales/tr.json': JSON.stringify({
          'poll.plugin.title': 'Anket',
          'poll.plugin.description': 'Fikir sorar.',
          'poll.may-read': 'Satırları okuma',
          'poll.fine': 'Her şey yolunda.',
        }),
      },
    });
    writePlugin(path.join(desk.database.folder, 'plugins'), { id: 'plain', manifest: { title: 'Plain one' }, activate: '' });
  });
  afterEach(() => desk.close());
  const page = async (address: string, language: string): Promise<string> =>
    (await desk.fetch(address, { as: 'ada', headers: { 'Accept-Language': language } })).text();

  it('are those of the reader’s language, on and off, and the manifest’s where there are none', async () => {
    const off = await page('/admin/plugins', 'tr');
    await desk.app.plugins.activate('poll');
    const [on, one, english] = [
      await page('/admin/plugins', 'tr'),
      await page('/admin/plugins/poll', 'tr'),
      await page('/admin/plugins', 'en'),
    ];

    for (const shown of [off, on, one]) expect(shown).to.contain('Anket').and.to.contain('Fikir sorar.').and.to.not.contain('Opinion poll');
    expect(one).to.contain('Satırları okuma').and.to.not.contain('poll.may-read');
    expect(english).to.contain('Opinion poll').and.to.contain('Asks around.').and.to.contain('Plain one');
  });

  it('stand beside what the plugin reports of its health', async () => {
    await desk.app.plugins.activate('poll');

    expect(await page('/admin/health', 'tr')).to.match(/<b>Anket<\/b><span class="muted">Her şey yolunda\./);
  });

  for (const { name: id } of readdirSync(bundled, { withFileTypes: true }).filter((entry) => entry.isDirectory()))
    it(`are there in English and Turkish: ${id}`, () => {
      for (const language of ['en', 'tr']) {
        const texts = JSON.parse(readFileSync(path.join(bundled, id, `locales/${language}.json`), 'utf8')) as Record<string, string>;
        expect(texts).to.include.keys(`${id}.plugin.title`, `${id}.plugin.description`);
      }
    });
});
