import type { Check } from './check.ts';

/** What the database can tell about itself. PostgreSQL has no cheap check of the kind; its own tools do that. */
export const databaseChecks: readonly Check[] = [
  {
    id: 'database.integrity',
    claim: 'The database file is damaged; restore a backup:',
    run: async ({ storage }) => {
      if (storage.dialect === 'postgres') return [];
      const rows: readonly { integrity_check: string }[] = await storage.read.raw('PRAGMA integrity_check(20)');
      return rows.map((row) => row.integrity_check).filter((line) => line !== 'ok');
    },
  },
  {
    id: 'database.references',
    claim: 'Rows point at rows that are gone:',
    run: async ({ storage }) => {
      if (storage.dialect === 'postgres') return [];
      const rows: readonly { table: string; rowid: number | null; parent: string }[] = await storage.read.raw('PRAGMA foreign_key_check');
      return rows.map((row) => `${row.table} ${row.rowid ?? ''} -> ${row.parent}`);
    },
  },
];
