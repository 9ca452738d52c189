import path from 'node:path';
import { checkInvariants, coreVersion, createLogger, migrateCore, openStorage, prepareDataFolder } from '@helpdesk/core/operator';
import { Failed, type Command } from '../command.ts';

export const migrate: Command = {
  name: 'migrate',
  summary: 'Brings the schema of core and of the active plugins up to date.',
  run: async ({ io, config, desk }) => {
    prepareDataFolder(config);
    const log = createLogger(config.logLevel, io.clock, (line) => io.err(line));
    const storage = openStorage({
      log,
      ...(config.databaseUrl === undefined ? { file: path.join(config.data, 'helpdesk.sqlite') } : { url: config.databaseUrl }),
    });
    const applied = await migrateCore(storage, coreVersion).finally(() => storage.close());
    await desk();
    return { version: coreVersion, applied };
  },
};

export const doctor: Command = {
  name: 'doctor',
  summary: 'Checks everything that must always hold, and names what does not.',
  run: async ({ desk, say }) => {
    const app = await desk();
    const violations = await checkInvariants(app.desk, app.plugins.snapshot);
    if (violations.length > 0)
      throw new Failed(`${violations.length} of the invariants ${violations.length === 1 ? 'is' : 'are'} violated.`, { violations });
    say('Everything holds.');
    return { violations };
  },
};
