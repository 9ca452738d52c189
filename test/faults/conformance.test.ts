import { readdirSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { conformance, ownTestsAlone, testDatabase } from '#core/testing/index.js';

const bundled = path.resolve(import.meta.dirname, '../../../plugins');

describe('every bundled plugin', function () {
  this.timeout(600_000);
  const folders = readdirSync(bundled, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const { name: id } of folders) {
    it(`keeps the rules of all plugins: ${id}`, async () => {
      expect(await conformance(id, { pluginFolders: [bundled] })).to.deep.equal([]);
    });

    // That a plugin needs no other one does not hang on the database. The tests of the inbox take minutes and run in
    // the default suite already, on desks that switch nothing else on.
    if (testDatabase() === 'postgres' || id === 'email-inbox') continue;
    it(`X2: passes its own tests with nothing but core beside it: ${id}`, async () => {
      expect(await ownTestsAlone(path.join(bundled, id))).to.deep.equal([]);
    });
  }
});
