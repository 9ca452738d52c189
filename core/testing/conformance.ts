import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { conform, Sabotage, type ConformOptions } from '../conformance/index.ts';
import { NotFound } from '../kernel/errors.ts';
import { createTestDesk, type TestDeskOptions } from './test-desk.ts';

/**
 * Whether a plugin keeps the rules all plugins keep, in a desk of its own on the database of this run;
 * one sentence for each it breaks.
 */
export async function conformance(
  id: string,
  options: Pick<TestDeskOptions, 'pluginFolders' | 'database'> & Pick<ConformOptions, 'rounds'>,
): Promise<readonly string[]> {
  // What is still in memory can be told only when the collector runs on demand.
  setFlagsFromString('--expose-gc');
  globalThis.gc ??= runInNewContext('gc') as typeof globalThis.gc;
  const sabotage = new Sabotage();
  const desk = await createTestDesk({ ...options, sabotage });
  try {
    const found = (await desk.app.plugins.list()).find((one) => one.id === id)?.found;
    if (found === undefined) throw new NotFound('plugins.not-found', { id, message: `There is no plugin ${id}.` });
    return await conform(desk.app, found, { sabotage, ...(options.rounds === undefined ? {} : { rounds: options.rounds }) });
  } finally {
    await desk.close();
  }
}
