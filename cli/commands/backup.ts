import { createBackup, createLogger, prepareDataFolder, restoreBackup, type BackupDeps } from '@helpdesk/core/operator';
import { Failed, type Command, type Invocation } from '../command.ts';

export const backupCommands: readonly Command[] = [
  {
    name: 'backup create',
    summary: 'Copies database, files and key while the desk runs, and checks the copy.',
    options: { out: { value: 'folder', help: 'An empty or new folder; default one under data/backups. It holds the key: keep it safe.' } },
    run: async (invocation) => {
      const out = invocation.options['out'];
      const { folder, violations } = await createBackup(deps(invocation), typeof out === 'string' ? out : undefined);
      if (violations.length > 0)
        throw new Failed(`The backup is written, and its content violates ${violations.length} of the invariants.`, { folder, violations });
      return { folder };
    },
  },
  {
    name: 'backup restore',
    summary: 'Puts a backup in the place of what a stopped desk holds; the old database is kept.',
    args: ['<folder>'],
    run: async (invocation) => {
      const { keptIn } = await restoreBackup(deps(invocation), invocation.args[0] ?? '');
      return { restored: true, ...(keptIn === undefined ? {} : { keptIn }) };
    },
  },
];

function deps({ config, io }: Invocation): BackupDeps {
  prepareDataFolder(config);
  return { config, clock: io.clock, log: createLogger('error', io.clock, (line) => io.err(line)) };
}
