import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { expect } from 'chai';
import { createDatabase } from '#core/testing/index.js';
import { openMigrator } from '#core/storage/sqlite.js';

// Asks for the database alone, as every program does that closes what it takes for the last connection.
const alone = `
  const { Database } = require('sqlite3');
  const database = new Database(process.argv[1]);
  database.exec('pragma locking_mode = exclusive; begin immediate; commit', (error) => process.stdout.write(error?.code ?? 'alone'));`;

describe('a SQLite database that another program opens', () => {
  it('counts as open here, also after this process migrated it, so that nobody else deletes its log', async () => {
    const database = await createDatabase('sqlite');
    const file = path.join(database.folder, 'helpdesk.sqlite');
    const storage = database.open();
    try {
      await storage.writeTx((tx) => tx('tags').insert({ name: 'first', name_key: 'first', created_at: 1 }));
      const migrator = openMigrator(file);
      await migrator.raw('select 1');
      await migrator.destroy();

      const answer = execFileSync(process.execPath, ['-e', alone, file], { cwd: import.meta.dirname, encoding: 'utf8' });

      expect(answer).to.equal('SQLITE_BUSY');
    } finally {
      await storage.close();
      database.remove();
    }
  });
});
