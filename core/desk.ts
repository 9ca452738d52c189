import type { Throttle } from './auth/index.ts';
import type { Config } from './config.ts';
import type { EventLog } from './events/index.ts';
import type { FileStore } from './files/index.ts';
import type { Translator } from './i18n/index.ts';
import type { Cron, JobQueue, JobRegistry } from './jobs/index.ts';
import type { Clock } from './kernel/clock.ts';
import type { HookBus } from './kernel/hook-bus.ts';
import type { Logger } from './kernel/log.ts';
import type { PluginServices } from './kernel/services.ts';
import type { LiveHub } from './live/hub.ts';
import type { Presence } from './live/presence.ts';
import type { Mail, Notice } from './mail/index.ts';
import type { Secrets, Settings } from './settings/index.ts';
import type { Storage } from './storage/index.ts';
import type { Statuses } from './tickets/index.ts';

/** Everything a use case may need, passed in; built once, in app.ts. */
export interface Desk {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
  readonly storage: Storage;
  readonly hooks: HookBus;
  readonly events: EventLog;
  readonly jobs: JobQueue;
  readonly jobRegistry: JobRegistry;
  readonly cron: Cron;
  readonly live: LiveHub;
  readonly presence: Presence;
  readonly settings: Settings;
  readonly secrets: Secrets;
  readonly files: FileStore;
  readonly throttle: Throttle;
  readonly statuses: Statuses;
  readonly mail: Mail;
  /** What plugins offer to core, such as the folder of sent mail. */
  readonly services: Pick<PluginServices, 'get'>;
  /** Text and HTML of a mail that no person wrote, as the active theme shows it. */
  printNotice(notice: Notice): Promise<{ readonly text: string; readonly html: string }>;
  /** Languages the site has texts in. */
  locales(): readonly string[];
  /** Texts in the reader's language, or the site's when null. */
  translatorFor(locale: string | null, timeZone?: string | null): Translator;
}
