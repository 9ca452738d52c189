import { readdirSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { collectGarbage, pause } from '../kernel/support.ts';

const bundled = path.resolve(import.meta.dirname, '../../../plugins');
const rounds = 200;

describe('a bundled plugin that is switched on and off 200 times', function () {
  this.timeout(600_000);
  let desk: TestDesk;
  afterEach(() => desk.close());

  const registered = () => {
    const { desk: whole, plugins } = desk.app;
    const { routes, helpers, all } = plugins.snapshot;
    const handlers = whole.hooks.inspect().flatMap((one) => one.handlers);
    const kinds = (['slot', 'menu', 'cli', 'health', 'doctor'] as const).map((kind) => all(kind).length);
    return [handlers.length, routes.length, helpers.length, whole.jobRegistry.names().length, whole.settings.owners().length, ...kinds];
  };
  const settled = async () => {
    for (let n = 0; n < 5; n += 1) {
      collectGarbage();
      await pause(20);
    }
    const timers = process.getActiveResourcesInfo().filter((one) => !/^(TCP|FSReq|Pipe|TTY|CloseReq)/.test(one));
    return { heap: process.memoryUsage().heapUsed, resources: timers.length };
  };

  for (const id of readdirSync(bundled)) {
    it(`pitfall 2: ${id} leaves no registration, no timer and no memory behind`, async () => {
      desk = await createTestDesk({ pluginFolders: [bundled] });
      const cycle = async (): Promise<void> => {
        await desk.app.plugins.activate(id);
        await desk.app.plugins.deactivate(id);
      };
      const before = registered();
      // What is kept once, such as compiled templates, is no leak.
      for (let n = 0; n < 20; n += 1) await cycle();
      const start = await settled();

      for (let n = 20; n < rounds; n += 1) await cycle();

      const end = await settled();
      expect(registered()).to.deep.equal(before);
      expect(end.resources).to.be.at.most(start.resources + 2);
      expect((end.heap - start.heap) / (rounds - 20), 'bytes a round').to.be.lessThan(20_000);
    });
  }
});
