import { spawn } from 'node:child_process';
import path from 'node:path';
import { AppError } from '../../kernel/errors.ts';
import { readManifest, type FoundPlugin } from '../../kernel/manifest.ts';
import { isRange, satisfies } from '../../kernel/versions.ts';
import { sentenceOf } from '../../kernel/sentence.ts';
import { apiVersion } from '../../paths.ts';
import type { StagedPlugin } from './staging.ts';

const importMs = 10_000;

/** What is wrong with a staged plugin as far as can be told without running it in a desk; one sentence each. */
export async function quickProblems({ folder, problems }: StagedPlugin): Promise<readonly string[]> {
  if (problems.length > 0) return problems;
  let plugin: FoundPlugin;
  try {
    plugin = await readManifest(folder);
  } catch (error) {
    if (error instanceof AppError) return [sentenceOf(error)];
    throw error;
  }
  return [...apiProblems(plugin), ...(await importProblems(plugin.entry))];
}

function apiProblems({ manifest: { api } }: FoundPlugin): readonly string[] {
  if (!isRange(api)) return [`helpdesk.api is "${api}", which is no range of versions.`];
  return satisfies(apiVersion, api) ? [] : [`helpdesk.api asks for ${api}; this desk has the plugin API ${apiVersion}.`];
}

// The environment holds the site's secrets, and whoever checks a plugin does not trust it yet.
/** What importing an entry file does that it must not; it runs in a process of its own with a time limit. */
export function importProblems(entry: string): Promise<readonly string[]> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'import-probe.js'), entry], {
    cwd: path.dirname(entry),
    env: { PATH: process.env['PATH'], NODE_NO_WARNINGS: '1' },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    timeout: importMs,
    killSignal: 'SIGKILL',
  });
  let printed = '';
  let answer: readonly string[] | undefined;
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (data: Buffer) => {
      if (printed.length < 200) printed += data.toString();
    });
  child.on('message', (message) => {
    if (Array.isArray(message)) answer = message.map(String);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      const end =
        signal === 'SIGKILL' ? `does not finish within ${importMs / 1000} seconds` : `ends the process (${signal ?? String(code)})`;
      const spoken = printed.trim() === '' ? [] : [`The import prints something: ${printed.trim().slice(0, 200)}`];
      resolve([...(answer ?? [`The import ${end}.`]), ...spoken]);
    });
  });
}
