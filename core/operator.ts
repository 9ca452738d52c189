/** What the command line uses of the desk. Plugins use `@helpdesk/core/plugin` instead. */
export { createApp, type App } from './app.ts';
export { actorOf, createApiToken, hashPassword, openSession } from './auth/index.ts';
export { readConfig, type Config, type SiteConfig } from './config.ts';
export { checkInvariants, type Violation } from './doctor/index.ts';
export { sessionCookie, setSessionCookie } from './http/cookies.ts';
export type { Middleware } from './http/request-state.ts';
export { problemOf, problemText } from './http/errors.ts';
export { createTranslator, loadCatalog } from './i18n/index.ts';
export { listJobs, queueDepth, retryJobs } from './jobs/index.ts';
export { systemClock, type Clock } from './kernel/clock.ts';
export { crashReports, crashSentence, isCulprit, journalFolder, type CrashReport } from './kernel/crash-journal.ts';
export { AppError, Conflict, Invalid, NotFound, Refused } from './kernel/errors.ts';
export { loadPlugins } from './kernel/loading-ahead.ts';
export type { Logger, LogLevel } from './kernel/log.ts';
export { sentenceOf } from './kernel/sentence.ts';
export { createLogger } from './log.ts';
export { saveMailbox } from './mail/index.ts';
export { freePort } from './net/index.ts';
export {
  authorOptions,
  createBackup,
  dependenciesOf,
  findSiteRoot,
  hasTestRunner,
  installTheme,
  linkCore,
  loadSiteConfig,
  measureHandlers,
  packPlugin,
  prepareDataFolder,
  readPackage,
  reindex,
  removeTheme,
  restoreBackup,
  runTests,
  seedTickets,
  stagePlugin,
  testsIn,
  watchHookPoints,
  writeAdministrator,
  writeDemo,
  type BackupDeps,
  type Binding,
  type FloorPlan,
  type FloorScenario,
  type HandlerCost,
  type Statement,
} from './operations/index.ts';
export { apiVersion, coreFolder, coreVersion } from './paths.ts';
export { checkPlugin, checkStaged, type CheckOptions } from './plugin-check.ts';
export { pluginSight, type PluginSight } from './plugin-sight.ts';
export { deletePluginData, exportPluginData, installInDesk, uninstallFromDesk } from './plugins/index.ts';
export { erasePerson, exportPerson } from './privacy/index.ts';
export type { CliCommand, CliInvocation } from './plugin-contributions.ts';
export { migrateCore, openStorage, SchemaRefused, tableNames, type Storage } from './storage/index.ts';
export { checkTheme, compareTemplate, createTheme, listThemes, textIn, themeFolder } from './theme/index.ts';
export { createUser, findUserByEmail, systemActor } from './users/index.ts';
