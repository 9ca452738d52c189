// Runs the emitted tests: every file on SQLite, and every file that opens a desk or a database again on
// PostgreSQL. The last line is the sum over all runs.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { projectFolders, root } from './projects.js';

const longSuites = ['browser', 'faults', 'corpus', 'bench'];
const [suite, ...filters] = process.argv.slice(2).filter((arg) => !arg.startsWith('--'));
const isLong = longSuites.includes(suite);
const wanted = isLong ? filters : [suite, ...filters].filter(Boolean);
const onlyDatabase = process.argv.find((arg) => arg.startsWith('--database='))?.slice('--database='.length);

const files = testFiles().filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)));
// A test waits for processes, servers and timers as long as it computes, so more parts of the default suite run at once
// than there are cores. Each file of the long suites is a part of its own, because they take so differently long.
const isWhole = !isLong && wanted.length === 0;
const partsEach = isLong ? Number.POSITIVE_INFINITY : isWhole ? 6 : 1;
const atOnce = isWhole ? availableParallelism() + 2 : availableParallelism();
const runs = [
  { database: 'sqlite', files },
  { database: 'postgres', files: files.filter(touchesDatabase) },
]
  .filter((run) => run.files.length > 0 && (onlyDatabase === undefined || run.database === onlyDatabase))
  .flatMap((run) => inParts(run, partsEach));

const totals = { passes: 0, failures: 0, pending: 0 };
const results = await inTurn(runs, atOnce);
for (const { run, output, report } of results) {
  process.stdout.write(`\n== ${run.name}: ${run.files.length} files ==\n${output}`);
  if (report !== undefined) for (const key of Object.keys(totals)) totals[key] += report[key];
}
if (isWhole || isLong) reportSlowest(results);
// Once more where the last lines are: a log that somebody sees is often only its end.
for (const { run, report } of results) for (const one of report?.failed ?? []) process.stdout.write(`\nfailed: ${run.database}: ${one}\n`);
const broken = results.filter(({ report }) => report === undefined);
for (const { run } of broken) process.stdout.write(`\nfailed: ${run.name} ended before its tests did: ${run.files.join(', ')}\n`);
const skipped = totals.pending > 0 ? `, ${totals.pending} skipped` : '';
process.stdout.write(`\n${totals.passes} passed, ${totals.failures} failed${skipped}\n`);
process.exitCode = broken.length > 0 || totals.failures > 0 || totals.passes === 0 ? 1 : 0;

function reportSlowest(all) {
  const times = all.flatMap(({ run, report }) =>
    Object.entries(report?.secondsOf ?? {}).map(([file, seconds]) => ({ file, seconds, database: run.database })),
  );
  const slowest = times.toSorted((a, b) => b.seconds - a.seconds).slice(0, 15);
  process.stdout.write(`\nSlowest files, in seconds\n`);
  for (const { file, seconds, database } of slowest) {
    process.stdout.write(`${seconds.toFixed(1).padStart(8)}  ${database.padEnd(8)}  ${path.relative(root, file)}\n`);
  }
}

// Neighbours test the same subject and take about as long, so each goes to another part.
function inParts({ database, files }, most) {
  const parts = Math.min(most, files.length);
  return Array.from({ length: parts }, (_, part) => ({
    name: parts === 1 ? database : `${database} ${part + 1}/${parts}`,
    database,
    files: files.filter((_file, index) => index % parts === part),
  }));
}

async function inTurn(list, workers) {
  const results = [];
  const waiting = list.entries();
  const work = async () => {
    for (const [index, run] of waiting) results[index] = await runMocha(run);
  };
  await Promise.all(Array.from({ length: workers }, work));
  return results;
}

function testFiles() {
  const folders = projectFolders().filter((folder) => folder === 'test' || folder.startsWith('plugins/'));
  return folders.flatMap((folder) => {
    const dist = path.join(root, folder, 'dist', folder === 'test' ? '' : 'test');
    if (!existsSync(dist)) return [];
    return readdirSync(dist, { recursive: true })
      .filter((name) => name.endsWith('.test.js') && belongsToSuite(name))
      .map((name) => path.join(dist, name))
      .toSorted();
  });
}

function belongsToSuite(name) {
  const parts = name.split(path.sep);
  const long = longSuites.find((one) => parts.includes(one));
  return isLong ? long === suite : long === undefined;
}

function touchesDatabase(file) {
  return /core\/testing|onDatabase|support\/inbox/.test(readFileSync(file, 'utf8'));
}

function runMocha(run) {
  const folder = mkdtempSync(path.join(tmpdir(), 'helpdesk-report-'));
  const reportFile = path.join(folder, 'report.json');
  const args = ['--enable-source-maps', path.join(root, 'cli/build/mocha-run.js'), reportFile, isLong ? 'long' : 'short', ...run.files];
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, HELPDESK_TEST_DATABASE: run.database, NODE_ENV: 'test' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      output += data;
      if (runs.length === 1) process.stdout.write(data);
    });
  }
  return new Promise((resolve) => {
    child.on('close', () => {
      const report = existsSync(reportFile) ? JSON.parse(readFileSync(reportFile, 'utf8')) : undefined;
      rmSync(folder, { recursive: true, force: true });
      resolve({ run, output: runs.length === 1 ? '' : output, report });
    });
  });
}
