import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { discover } from '../kernel/discovery.ts';
import { readManifest } from '../kernel/manifest.ts';
import { hasTestRunner, runTests, testsIn } from '../operations/index.ts';

// Suites that take minutes by design; whoever has them runs them by themselves.
const longSuites = new Set(['browser', 'faults', 'corpus', 'bench']);
const limitMs = 15 * 60_000;

interface Report {
  readonly failures: readonly { readonly fullTitle: string; readonly err: { readonly message?: string } }[];
}

/** Puts what a plugin requires, and what that requires, beside its copy. */
export async function copyRequired(folder: string, parent: string, from: readonly string[]): Promise<void> {
  const { plugins } = await discover(from.map((one) => ({ folder: one })));
  const wanted = new Set(Object.keys((await readManifest(folder)).manifest.requires ?? {}));
  for (const id of wanted) {
    const found = plugins.find((one) => one.id === id);
    for (const next of Object.keys(found?.manifest.requires ?? {})) wanted.add(next);
    if (found !== undefined) cpSync(found.folder, path.join(parent, id), { recursive: true });
  }
}

/** Runs a built plugin's own tests; beside its folder lies nothing but what it requires (X2). */
export async function checkOwnTests(folder: string, env: Readonly<Record<string, string | undefined>>): Promise<readonly string[]> {
  const files = testsIn(folder).filter((file) => !file.split(path.sep).some((part) => longSuites.has(part)));
  if (files.length === 0 || !hasTestRunner()) return [];
  const place = mkdtempSync(path.join(tmpdir(), 'helpdesk-own-tests-'));
  const report = path.join(place, 'report.json');
  try {
    const end = await runTests(folder, files, { env, report, limitMs });
    if (!existsSync(report)) return [`Its own tests end their process (${String(end)}) where only core lies beside it.`];
    const { failures } = JSON.parse(readFileSync(report, 'utf8')) as Report;
    return failures.map(
      ({ fullTitle, err }) => `Its own test "${fullTitle}" fails where only core lies beside it: ${err.message ?? 'no message'}`,
    );
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}
