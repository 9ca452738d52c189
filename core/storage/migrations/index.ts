import { runMigrations } from '../migrate.ts';
import type { Migration, Storage } from '../types.ts';
import { people } from './0001-people.ts';
import { tickets } from './0002-tickets.ts';
import { messages } from './0003-messages.ts';
import { eventsAndJobs } from './0004-events-and-jobs.ts';
import { system } from './0005-system.ts';
import { search } from './0006-search.ts';
import { defaults } from './0007-defaults.ts';
import { pluginRecords } from './0030-plugin-records.ts';
import { pluginLifecycle } from './0040-plugin-lifecycle.ts';
import { themes } from './0050-themes.ts';
import { mailDisplay } from './0060-mail-display.ts';
import { mailSending } from './0065-mail-sending.ts';
import { ticketMailboxes } from './0070-ticket-mailboxes.ts';
import { sharedCounts } from './0080-shared-counts.ts';
import { settingsVersion } from './0085-settings-version.ts';
import { outboxByMailbox } from './0090-outbox-by-mailbox.ts';
import { replacedIds } from './0095-replaced-ids.ts';

/** Every step of the core schema in order; a released one never changes. */
export const coreMigrations: readonly Migration[] = [
  people,
  tickets,
  messages,
  eventsAndJobs,
  system,
  search,
  defaults,
  pluginRecords,
  pluginLifecycle,
  themes,
  mailDisplay,
  mailSending,
  ticketMailboxes,
  sharedCounts,
  settingsVersion,
  outboxByMailbox,
  replacedIds,
];

/**
 * Brings the core schema up to this version and returns the names of the steps it applied.
 *
 * @throws SchemaRefused when a newer version has already migrated the database.
 */
export function migrateCore(storage: Storage, version: string): Promise<readonly string[]> {
  return runMigrations(storage, { owner: 'core', version, migrations: coreMigrations });
}
