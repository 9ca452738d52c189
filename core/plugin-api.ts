/**
 * The whole contract between the desk and its plugins. Everything a plugin may use is exported
 * here; a plugin imports nothing else of core.
 */
import './ui/slots.ts';
import type { PluginContext } from './plugin-context.ts';
import type { SettingsSchema, SettingsUpgrade } from './settings/index.ts';

export { apiVersion } from './paths.ts';
export { Conflict, Forbidden, Invalid, NotFound, Refused, TooMany, Unauthenticated, Unavailable, AppError } from './kernel/errors.ts';
export { Hopeless, TryLater, type JobHandler, type JobRun, type NewJob } from './jobs/index.ts';
export { crashPoint } from './kernel/crash-point.ts';
export { fillPlaceholders, unknownPlaceholders } from './kernel/placeholders.ts';
export {
  cleanHtml,
  escapeHtml,
  holdsPicture,
  htmlToText,
  readHtmlTree,
  sanitizeMail,
  serialize,
  setAttribute,
  textOf,
  textToHtml,
  walk,
  withoutElements,
  type HtmlElement,
  type HtmlNode,
} from './html/index.ts';
export {
  composeNotice,
  mailPlaceholders,
  mailValues,
  parseServerUrl,
  replyHeaders,
  replySubject,
  testTransport,
  type MailServer,
} from './mail/index.ts';
export { ownReason, reasonInWords, reasonOf, theirReason } from './i18n/index.ts';
export { imageTypeOf, isDangerous } from './files/index.ts';
export { isPrivateHost } from './net/index.ts';
export type {
  Address,
  AutomaticMail,
  DeliveryNews,
  IncomingMail,
  Mailbox,
  MailboxInput,
  MailParser,
  OutgoingMail,
  ReportedMail,
  ReportedRecipient,
  MailAccount,
  SendingHealth,
  SentFolder,
  SignInPage,
  Transport,
} from './mail/index.ts';
export { fold, type Translator } from './i18n/index.ts';
export { emailKey, isEmailAddress, type Actor, type User } from './users/index.ts';
export { isUniqueViolation, type Migration, type Tx } from './storage/index.ts';
export { readJson, type Form } from './http/body.ts';
export type { PluginPage } from './http/pages.ts';
export { signedIn, type Context } from './http/request-state.ts';
export {
  previewOf,
  type Message,
  type NewAttachment,
  type NewMessage,
  type Opening,
  type Replying,
  type Origin,
  type Folds,
  type MailOriginals,
  type MessageAddresses,
  type ReplyInput,
  type SplitOptions,
  type Ticket,
  type TicketDraft,
} from './tickets/index.ts';
export type { Actions, Decisions, Filters, RenderFilters, Services, Slots } from './kernel/hook-map.ts';
export type { Disposable } from './kernel/hook-types.ts';
export type { CliCommand, CliInvocation, HealthCheck, MenuItem, PrivacyAnswer, PrivacySubject } from './plugin-contributions.ts';
export type { JobOptions, PluginContext, PluginDb, PluginRoute as Route, PluginTx } from './plugin-context.ts';
export type { RecordedEvent } from './events/index.ts';
export type { SettingSchema, SettingScope, SettingsUpgrade, SettingsOf, SettingsSchema } from './settings/index.ts';

export interface PluginDefinition<S extends SettingsSchema = SettingsSchema> {
  readonly settings?: S;
  /** For settings whose schema changed in a way that stored values do not fit. */
  readonly settingsUpgrade?: SettingsUpgrade;
  /** Registers everything through the context; must be repeatable, within ten seconds. */
  activate(context: PluginContext<S>): void | Promise<void>;
  /** Only for what taking back registrations cannot undo. */
  deactivate?(context: PluginContext<S>): void | Promise<void>;
  /** Runs once, after the first migrations and before the first activation, in one process only. */
  install?(context: PluginContext<S>): void | Promise<void>;
  /**
   * Runs once per version before it is activated, for data rather than for the schema. The version
   * before must still be able to work with what it leaves: it is put back when this one cannot start.
   */
  upgrade?(context: PluginContext<S>, from: string, to: string): void | Promise<void>;
  /** Runs while the plugin is off, before its files are removed or, with `deleteData`, its tables, settings and files. */
  uninstall?(context: PluginContext<S>, options: { readonly deleteData: boolean }): void | Promise<void>;
}

/** The identity, for its types; a plain object works as well. */
export function definePlugin<const S extends SettingsSchema>(definition: PluginDefinition<S>): PluginDefinition<S> {
  return definition;
}
