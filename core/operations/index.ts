export { createBackup, restoreBackup, type BackupDeps, type BackupResult } from './backup.ts';
export { linkCore } from './linking-core.ts';
export { prepareDataFolder } from './data-folder.ts';
export { reindex } from './reindexing.ts';
export { findSiteRoot, loadSiteConfig } from './site-config.ts';
export { seedTickets, writeDemo, type DemoResult } from './samples/index.ts';
export type { FloorPlan, FloorScenario, Statement } from './bench/floor-server.ts';
