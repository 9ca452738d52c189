import type { Command } from '../command.ts';
import { backupCommands } from './backup.ts';
import { bench } from './bench.ts';
import { doctor, migrate } from './database.ts';
import { dev } from './dev.ts';
import { jobsCommands } from './jobs.ts';
import { peopleCommands } from './people.ts';
import { pluginCheck } from './plugin-check.ts';
import { pluginCreate } from './plugin-create.ts';
import { installCommands } from './plugin-install.ts';
import { pluginPack } from './plugin-pack.ts';
import { pluginTest } from './plugin-test.ts';
import { pluginCommands } from './plugin.ts';
import { samplesCommands } from './samples.ts';
import { searchReindex } from './search.ts';
import { settingsCommands } from './settings.ts';
import { start } from './start.ts';
import { themeCommands } from './theme.ts';

/** The commands of core; plugins add theirs while they are active. */
export const commands: readonly Command[] = [
  start,
  dev,
  migrate,
  doctor,
  ...peopleCommands,
  ...pluginCommands,
  pluginCreate,
  pluginCheck,
  pluginTest,
  pluginPack,
  ...installCommands,
  ...themeCommands,
  ...settingsCommands,
  ...jobsCommands,
  searchReindex,
  ...backupCommands,
  ...samplesCommands,
  bench,
];
