// One mocha run over the given files; writes its counts, and the seconds of each file, where the caller adds them up.
import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';

const [reportFile, length, ...files] = process.argv.slice(2);
const mocha = new Mocha({
  reporter: process.stdout.isTTY ? 'spec' : 'dot',
  // For what hangs; how long a test takes on a busy machine says nothing.
  timeout: length === 'long' ? 180_000 : 60_000,
  forbidOnly: true,
});
for (const file of files) mocha.addFile(file);
await mocha.loadFilesAsync();
const secondsOf = {};
const failed = [];
const runner = mocha.run(() => {
  const { passes, failures, pending } = runner.stats;
  writeFileSync(reportFile, JSON.stringify({ passes, failures, pending, secondsOf, failed }));
  // A test that leaves a socket or timer behind must not hang the run; the leak tests look for those themselves.
  setTimeout(() => process.exit(failures > 0 ? 1 : 0), 500);
});

runner.on('fail', (test, error) => failed.push(`${test.fullTitle()}: ${String(error?.message ?? error).split('\n', 1)[0]}`));

// Seconds each file took with its hooks, to see what makes a run long.
let startedAt = 0;
runner.on('suite', ({ parent }) => {
  if (parent?.root) startedAt = performance.now();
});
runner.on('suite end', ({ file, parent }) => {
  if (parent?.root) secondsOf[file] = (secondsOf[file] ?? 0) + (performance.now() - startedAt) / 1000;
});
