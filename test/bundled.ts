import { existsSync } from 'node:fs';
import path from 'node:path';

/** For mocha's `before` and for tests: skips with a clear line where the folder of a bundled plugin was taken away, as anybody may. */
export function needsBundled(context: { skip(): void }, ...ids: readonly string[]): void {
  const missing = ids.find((id) => !existsSync(path.resolve(import.meta.dirname, '../../plugins', id, 'package.json')));
  if (missing === undefined) return;
  process.stdout.write(`Skipped: the plugin ${missing} is not here.\n`);
  context.skip();
}
