import { expect } from 'chai';
import { createTestDesk } from '#core/testing/index.js';

describe('the pages of settings', () => {
  it('have names in both languages, not the keys of their owners', async () => {
    const desk = await createTestDesk();
    try {
      for (const locale of ['en', 'tr']) {
        await desk.storage.writeTx((tx) => tx('users').update({ locale }));
        const page = await (await desk.fetch('/admin/settings', { as: 'ada' })).text();
        const names = [...page.matchAll(/<a class="view" href="\/admin\/settings[^>]*>([^<]+)</g)].map(([, name = '']) => name);

        expect(names).to.have.length(desk.app.desk.settings.owners().length);
        expect(names.filter((name) => !/^\p{Lu}/u.test(name))).to.deep.equal([]);
      }
    } finally {
      await desk.close();
    }
  });
});
