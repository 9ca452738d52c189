import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { checkHostile } from './check-hostile.ts';
import { checkMime } from './check-mime.ts';
import { checkClasses } from './check-classes.ts';
import { checkTrimming } from './check-trimming.ts';
import type { CorpusItem, FolderCheck } from './corpus.ts';

interface Folder {
  readonly folder: string;
  readonly check: FolderCheck;
  /** Share of the items that must pass with every key. */
  readonly floor: number;
  /** Keys that alone must hold on at least this many items, as mail.md asks for them. */
  readonly answers?: { readonly keys: readonly string[]; readonly floor: number };
}

// Floors follow mail.md's targets; where the corpus holds slips of its sources, what is reached today.
const folders: readonly Folder[] = [
  { folder: 'auto-replies', check: checkClasses, floor: 49 / 52, answers: { keys: ['kind', 'may_auto_reply'], floor: 51 / 52 } },
  { folder: 'bounces', check: checkClasses, floor: 0.8, answers: { keys: ['is_bounce'], floor: 100 / 105 } },
  { folder: 'hostile', check: checkHostile, floor: 1 },
  { folder: 'mime', check: checkMime, floor: 0.97 },
  { folder: 'reply-trimming', check: checkTrimming, floor: 0.92 },
];

/** Runs every folder present below `root` and prints its figures; true when all reach their floors. */
export async function runCorpus(root: string, print: (line: string) => void): Promise<boolean> {
  let holds = true;
  for (const { folder, check, floor, answers } of folders) {
    const manifest = path.join(root, folder, 'expected.json');
    if (!existsSync(manifest)) continue;
    const { items } = JSON.parse(readFileSync(manifest, 'utf8')) as { items: CorpusItem[] };
    const failures = await failuresOf(items, check, path.join(root, folder));
    const passed = items.length - failures.length;
    print(`${folder} ${passed}/${items.length}`);
    for (const failure of failures) print(`  ${failure}`);
    if (passed < Math.floor(floor * items.length)) holds = false;
    if (answers) {
      const wrong = failures.filter((failure) => answers.keys.some((key) => failure.includes(` ${key}: `)) || failure.includes(': threw '));
      print(`  ${answers.keys.join(' and ')} ${items.length - wrong.length}/${items.length}`);
      if (items.length - wrong.length < Math.floor(answers.floor * items.length)) holds = false;
    }
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
