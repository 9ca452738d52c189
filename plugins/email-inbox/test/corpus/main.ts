import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { bars } from './bars.ts';
import { checkClasses } from './check-classes.ts';
import { HostileCheck } from './check-hostile.ts';
import { checkMime } from './check-mime.ts';
import { checkTrimming } from './check-trimming.ts';
import type { CorpusItem, FolderCheck, Outcome } from './corpus.ts';

/** Runs every folder present below `root` and prints its figures; true when all reach their bars. */
export async function runCorpus(root: string, print: (line: string) => void): Promise<boolean> {
  const hostile = new HostileCheck();
  const checks: Readonly<Record<string, FolderCheck>> = {
    'auto-replies': checkClasses,
    bounces: checkClasses,
    hostile: (item, raw) => hostile.check(item, raw),
    mime: checkMime,
    'reply-trimming': checkTrimming,
  };
  let holds = true;
  let folders = 0;
  try {
    for (const [folder, check] of Object.entries(checks)) {
      const manifest = path.join(root, folder, 'expected.json');
      if (!existsSync(manifest)) continue;
      folders += 1;
      const { items } = JSON.parse(readFileSync(manifest, 'utf8')) as { items: CorpusItem[] };
      const outcomes = await outcomesOf(items, check, path.join(root, folder));
      if (!printFolder(folder, outcomes, print)) holds = false;
    }
  } finally {
    await hostile.close();
  }
  if (folders === 0) print(`There is no folder of the corpus in ${root}.`);
  return holds && folders > 0;
}

function printFolder(folder: string, outcomes: readonly Outcome[], print: (line: string) => void): boolean {
  const failed = outcomes.filter(({ complaints }) => complaints.length > 0);
  print(`${folder} ${outcomes.length - failed.length}/${outcomes.length}`);
  let holds = true;
  for (const { what, reached, total, needed } of bars[folder]?.(outcomes) ?? []) {
    if (reached < needed) holds = false;
    const verdict = reached < needed ? 'BELOW' : 'ok';
    print(`  ${what.padEnd(52)} ${`${reached}/${total}`.padStart(9)}  needs ${String(needed).padStart(3)}  ${verdict}`);
  }
  const slowest = Math.max(0, ...outcomes.map(({ milliseconds }) => milliseconds));
  print(`  ${'slowest'.padEnd(52)} ${`${Math.round(slowest)} ms`.padStart(9)}`);
  for (const { item, complaints } of failed) print(`    ${item.id}: ${complaints.map(({ key, text }) => `${key}: ${text}`).join('; ')}`);
  return holds;
}

async function outcomesOf(items: readonly CorpusItem[], check: FolderCheck, folder: string): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const item of items) {
    const raw = new Uint8Array(readFileSync(path.join(folder, item.file)));
    const outcome = await check(item, raw).catch((cause: unknown) => ({
      complaints: [{ key: 'threw', text: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) }],
      milliseconds: 0,
    }));
    outcomes.push({ item, ...outcome });
  }
  return outcomes;
}
