import { checkOwnTests, copyRequired } from './conformance/index.ts';
import { quickProblems, stagePlugin, type StagedPlugin } from './operations/index.ts';
import { tryPlugin } from './plugin-trial.ts';

/** How thoroughly a plugin is checked, and with what around it. */
export interface CheckOptions {
  /** Leaves the temporary desk out. */
  readonly isQuick: boolean;
  /** Folders with the plugins this one may need. */
  readonly beside: readonly string[];
}

/** What is wrong with a plugin folder, one sentence each; without `isQuick` it is run in a desk made for that and must keep the rules of all plugins. */
export async function checkPlugin(source: string, options: CheckOptions): Promise<readonly string[]> {
  const staged = stagePlugin(source, { withTests: !options.isQuick });
  try {
    return await checkStaged(staged, options);
  } finally {
    staged.remove();
  }
}

/** The same for a copy that is staged already. */
export async function checkStaged(staged: StagedPlugin, { isQuick, beside }: CheckOptions): Promise<readonly string[]> {
  const problems = await quickProblems(staged);
  if (isQuick || problems.length > 0) return problems;
  const trial = await tryPlugin(staged, { beside, isThorough: true });
  return trial.problems.length > 0 ? trial.problems : testAlone(staged, beside);
}

async function testAlone({ folder, parent }: StagedPlugin, beside: readonly string[]): Promise<readonly string[]> {
  await copyRequired(folder, parent, beside);
  return checkOwnTests(folder, { PATH: process.env['PATH'], NODE_NO_WARNINGS: '1' });
}
