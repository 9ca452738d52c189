export { changeQueueUsage } from './change-hint.ts';
export { listOf, readLists, rowsOf, type ListQuery } from './read-lists.ts';
export { openStorage, isUniqueViolation, type StorageOptions } from './open-storage.ts';
export { runMigrations, dropTables, SchemaRefused, type MigrationPlan } from './migrate.ts';
export { tableNames } from './schema-inspection.ts';
export { sizesOf, type TableSize } from './table-sizes.ts';
export { TxTooLong } from './tx-limit.ts';
export { coreMigrations, migrateCore } from './migrations/index.ts';
export type { Dialect, Migration, Reader, Storage, Tx, TxOptions } from './types.ts';
