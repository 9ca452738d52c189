export { linkCore } from './linking-core.ts';
export { prepareDataFolder } from './data-folder.ts';
export { reindex } from './reindexing.ts';
export { findSiteRoot, loadSiteConfig } from './site-config.ts';
