import { cpSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { checkOwnTests, conform, copyRequired, Sabotage, type ConformOptions } from '../conformance/index.ts';
import { NotFound } from '../kernel/errors.ts';
import { coreFolder } from '../paths.ts';
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

/**
 * Whether the tests of a built plugin pass where only core and what the plugin requires lie beside it (X2), on the
 * database of this run; one sentence for each that fails.
 */
export async function ownTestsAlone(
  folder: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<readonly string[]> {
  const base = realpathSync(mkdtempSync(path.join(tmpdir(), 'helpdesk-alone-')));
  try {
    const parent = path.join(base, 'plugins');
    const copy = path.join(parent, path.basename(folder));
    cpSync(folder, copy, { recursive: true });
    await copyRequired(copy, parent, [path.dirname(folder)]);
    symlinkSync(path.join(path.dirname(coreFolder), 'node_modules'), path.join(base, 'node_modules'), 'dir');
    return await checkOwnTests(copy, env);
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}
