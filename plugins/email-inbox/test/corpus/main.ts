import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { checkHostile } from './check-hostile.ts';
import { checkMime } from './check-mime.ts';
import { checkClasses } from './check-classes.ts';
import { checkTrimming } from './check-trimming.ts';
import type { CorpusItem, FolderCheck } from './corpus.ts';

/** Least number of items that must pass, per folder; fewer than that on the whole folder fails the run. */
const floors: readonly { readonly folder: string; readonly check: FolderCheck; readonly floor: number }[] = [
  { folder: 'auto-replies', check: checkClasses, floor: 51 / 52 },
  { folder: 'bounces', check: checkClasses, floor: 0.9 },
  { folder: 'hostile', check: checkHostile, floor: 1 },
  { folder: 'mime', check: checkMime, floor: 0.98 },
  { folder: 'reply-trimming', check: checkTrimming, floor: 0.75 },
];

/** Runs every folder present below `root` and prints its figures; true when all reach their floors. */
export async function runCorpus(root: string, print: (line: string) => void): Promise<boolean> {
  let holds = true;
  for (const { folder, check, floor } of floors) {
    const manifest = path.join(root, folder, 'expected.json');
    if (!existsSync(manifest)) continue;
    const { items } = JSON.parse(readFileSync(manifest, 'utf8')) as { items: CorpusItem[] };
    const failures = await failuresOf(items, check, path.join(root, folder));
    const passed = items.length - failures.length;
    print(`${folder} ${passed}/${items.length}`);
    for (const failure of failures) print(`  ${failure}`);
    if (passed < Math.floor(floor * items.length)) holds = false;
  }
  return holds;
}

async function failuresOf(items: readonly CorpusItem[], check: FolderCheck, folder: string): Promise<string[]> {
  const failures: string[] = [];
  for (const item of items) {
    const raw = new Uint8Array(readFileSync(path.join(folder, item.file)));
    const reasons = await check(item, raw).catch((cause: unknown) => [`threw ${cause instanceof Error ? cause.stack : String(cause)}`]);
    if (reasons.length > 0) failures.push(`${item.id}: ${reasons.join('; ')}`);
  }
  return failures;
}
