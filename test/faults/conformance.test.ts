import { readdirSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { conformance } from '#core/testing/index.js';

const bundled = path.resolve(import.meta.dirname, '../../../plugins');

describe('every bundled plugin', function () {
  this.timeout(600_000);
  const folders = readdirSync(bundled, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const { name: id } of folders) {
    it(`keeps the rules of all plugins: ${id}`, async () => {
      expect(await conformance(id, { pluginFolders: [bundled] })).to.deep.equal([]);
    });
  }
});
