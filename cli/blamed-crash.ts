import { crashReports, crashSentence, isCulprit, journalFolder, systemClock } from '@helpdesk/core/operator';
import { siteConfig } from './session.ts';

export interface BlamedCrash {
  /** Of the note; the process that starts next reads and removes it. */
  readonly file: string;
  readonly sentence: string;
  readonly isCulprit: boolean;
}

/** A crash that a plugin is blamed for and whose note is not among `known`. @throws when the configuration cannot be read. */
export async function blamedCrash(known: ReadonlySet<string>): Promise<BlamedCrash | undefined> {
  const { data } = await siteConfig({ cwd: process.cwd(), env: process.env });
  const crash = crashReports(journalFolder(data), systemClock.now()).find(({ plugin, file }) => plugin !== undefined && !known.has(file));
  return crash && { file: crash.file, sentence: crashSentence(crash), isCulprit: isCulprit(crash) };
}
