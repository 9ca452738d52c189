import { rmSync } from 'node:fs';
import path from 'node:path';
import { type CrashJournal, crashReports, crashSentence, isCulprit } from './crash-journal.ts';
import type { PluginHostPorts } from './plugin-host-ports.ts';
import { quarantine, type QuarantinePorts } from './quarantine.ts';

/** Reads what processes that died have left, and stops the plugins that ended them, until an administrator switches them on again. */
export async function quarantineCulprits(
  journal: CrashJournal,
  ports: QuarantinePorts & Pick<PluginHostPorts<never>, 'onFault' | 'log'>,
): Promise<void> {
  for (const report of crashReports(path.dirname(journal.file), ports.clock.now())) {
    const sentence = crashSentence(report);
    ports.log.error(sentence, { phase: report.phase, plugin: report.plugin, hook: report.hook });
    if (report.plugin !== undefined && !isCulprit(report)) journal.suspect(report.plugin);
    else if (report.plugin !== undefined) {
      const error = new Error(sentence);
      error.stack = [sentence, report.stack].filter((part) => part !== undefined).join('\n');
      const kind = report.phase === 'blocked' ? 'blocked' : 'exit';
      ports.onFault({ plugin: report.plugin, hook: report.hook ?? report.phase, kind, error });
      await quarantine(ports, report.plugin, sentence);
    }
    rmSync(report.file, { force: true });
  }
}
