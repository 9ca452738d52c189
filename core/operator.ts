/** What the command line uses of the desk. Plugins use `@helpdesk/core/plugin` instead. */
export { createApp, type App } from './app.ts';
export { actorOf, createApiToken, hashPassword, openSession } from './auth/index.ts';
export { readConfig, type Config, type SiteConfig } from './config.ts';
export { checkInvariants, type Violation } from './doctor/index.ts';
export { sessionCookie } from './http/cookies.ts';
export { problemOf, problemText } from './http/errors.ts';
export { createTranslator, loadCatalog } from './i18n/index.ts';
export { listJobs, queueDepth, retryJobs } from './jobs/index.ts';
export { systemClock, type Clock } from './kernel/clock.ts';
export { crashReports, crashSentence, journalFolder, type CrashReport } from './kernel/crash-journal.ts';
export { AppError, Conflict, Invalid, NotFound, Refused } from './kernel/errors.ts';
export type { Logger, LogLevel } from './kernel/log.ts';
export { sentenceOf } from './kernel/sentence.ts';
export { createLogger } from './log.ts';
export { saveMailbox } from './mail/index.ts';
export {
  createBackup,
  dependenciesOf,
  findSiteRoot,
  installPlugin,
  loadSiteConfig,
  measureHandlers,
  packPlugin,
  prepareDataFolder,
  reindex,
  restoreBackup,
  seedTickets,
  stagePlugin,
  uninstallPlugin,
  watchHookPoints,
  writeDemo,
  type BackupDeps,
  type Binding,
  type FloorPlan,
  type FloorScenario,
  type HandlerCost,
  type Statement,
} from './operations/index.ts';
export { apiVersion, coreFolder, coreVersion } from './paths.ts';
export { pluginSight, type PluginSight } from './plugin-sight.ts';
export { checkPlugin, checkStaged, type CheckOptions } from './plugin-trial.ts';
export type { CliCommand, CliInvocation } from './plugin-contributions.ts';
export { dropTables, migrateCore, openStorage, SchemaRefused, tableNames, type Storage } from './storage/index.ts';
export { checkTheme, createTheme, listThemes, themeFolder } from './theme/index.ts';
export { createUser, findUserByEmail, systemActor } from './users/index.ts';
