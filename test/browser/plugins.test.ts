import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { openTicket } from '#core/tickets/index.js';
import { writePlugin } from '../plugins/support.js';
import { crawl, describeInBrowser, problemsOn } from './support.js';

const folder = mkdtempSync(path.join(tmpdir(), 'helpdesk-plugins-'));

describeInBrowser(
  'the pages about plugins',
  (stage) => {
    before(async function () {
      if (this.test?.isPending() === true) return;
      const { desk, open } = stage();
      for (let n = 0; n < 4; n += 1) {
        await openTicket(desk.app.desk, desk.actor('ada'), {
          subject: 'Cups',
          requester: { userId: desk.people.mina.id },
          message: { text: 'Please' },
          channel: 'portal',
        });
      }
      const page = await open('ada');
      for (const pathname of ['/admin', '/admin/p/watching/a/rather/long/address', '/admin/health']) await page.goto(pathname);
      await desk.app.plugins.quarantine('stopped', 'stopped failed again and again, the last time in ticket.opened.');
    });
    after(() => rmSync(folder, { recursive: true, force: true }));

    const paths = ['/admin/plugins', '/admin/plugins/watching', '/admin/plugins/stopped', '/admin/health'];
    for (const locale of ['en', 'tr']) {
      it(`are without violations and never scroll sideways: ${locale}`, async () => {
        const problems = await crawl(stage(), 'ada', locale, paths, async (at) => {
          const { page, path } = at;
          if (path === '/admin/plugins/watching') {
            await page.locator('details').first().locator('summary').click();
            await page.locator('hd-chart').scrollIntoViewIfNeeded();
            await page.locator('hd-chart canvas').waitFor();
          }
          return problemsOn(at);
        });

        expect(problems).to.deep.equal([]);
      });
    }

    it('say without script what they say with it: costs in a table, the report in a field', async () => {
      const { desk, open } = stage();
      await desk.storage.writeTx((tx) => tx('users').update({ locale: 'en' }));
      const page = await open('ada', { javaScriptEnabled: false });
      await page.goto('/admin/plugins/watching');

      expect(await page.locator('hd-chart table').innerText())
        .to.contain('ticket.draft')
        .and.contain('slot admin.overview');
      expect(await page.locator('hd-chart canvas').count()).to.equal(0);
      const report = await page.locator('textarea.report').filter({ hasText: 'ticket.opened' }).first().inputValue();
      expect(report)
        .to.contain('Plugin:   watching 1.0.0')
        .and.contain('Where:    ticket.opened')
        .and.contain('no such cup')
        .and.contain('index.js');
    });

    it('start and end safe mode for her alone', async () => {
      const { open } = stage();
      const page = await open('ada');
      await page.goto('/admin/plugins/watching');
      const send = async (name: string) => {
        const loaded = page.waitForEvent('load');
        await page.getByRole('button', { name }).click();
        await loaded;
      };

      await send('Show me the desk without it');
      expect(await page.locator('.notices').innerText()).to.contain('You see the desk without watching');
      await send('Show me all plugins again');
      expect(await page.locator('.notices').innerText()).to.not.contain('You see the desk without');
    });
  },
  () => {
    writePlugin(folder, {
      id: 'watching',
      manifest: {
        title: 'Watching the cups',
        db: { slug: 'watching', migrations: './migrations' },
        templates: './templates',
        uses: ['tickets:read', 'net:example.com'],
        permissions: [{ key: 'watching.cups.count', title: 'Count cups' }],
      },
      files: {
        'README.md': 'Watches cups.',
        'templates/note.hbs': '{{!-- template: watching/note version: 1 --}}\n<p>Cups: {{n}}</p>',
        'migrations/0001-cups.js':
          "export const up = async (tx, table) => { await tx.schema.createTable(table('cups'), (t) => { t.increments('id'); t.integer('ticket'); }); };",
      },
      activate: `
        ctx.hooks.filter('ticket.draft', (draft) => draft);
        ctx.hooks.on('ticket.opened', async ({ ticketId }) => { await ctx.db.tx((tx) => tx.table('cups').insert({ ticket: ticketId })); throw new Error('no such cup'); });
        ctx.hooks.onDurable('ticket.opened', 'count', () => {});
        ctx.jobs.define('sweep', async () => {}, { everyMs: 3600000 });
        ctx.ui.slot('admin.overview', { template: 'watching/note', deadlineMs: 20000, load: async () => ({ n: Number((await ctx.db.table('cups').count({ n: '*' }).first()).n) }) });
        ctx.http.admin([{ method: 'get', path: '/a/rather/long/address', permission: 'plugins.manage', handler: (r) => { r.body = 'cups'; } }]);
        ctx.health(async () => [{ id: 'cups', status: 'warn', text: 'Some cups are missing.' }]);`,
    });
    writePlugin(folder, { id: 'stopped', manifest: { title: 'Stopped' }, activate: '' });
    return { pluginFolders: [folder], plugins: ['watching', 'stopped'] };
  },
);
