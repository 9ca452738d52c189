// Runs alone in a child process: imports one file and reports, in one message, what that did.
import { pathToFileURL } from 'node:url';

const [file = ''] = process.argv.slice(2);
const globals = new Set(Object.getOwnPropertyNames(globalThis));
// Node opens these on first use, which is then not the plugin's doing.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => process.exit());
const resources = count(process.getActiveResourcesInfo());
const problems: string[] = [];

try {
  const loaded: unknown = await import(pathToFileURL(file).href);
  // CommonJS compiled from ES modules wraps its default once more; the desk takes both.
  const definition = defaultOf(loaded);
  if (!isDefinition(definition) && !isDefinition(defaultOf(definition)))
    problems.push('The entry has no default export with a function activate.');
  for (const name of Object.getOwnPropertyNames(globalThis))
    if (!globals.has(name)) problems.push(`The import makes a global name, ${name}.`);
  for (const [name, number] of count(process.getActiveResourcesInfo()))
    if (number > (resources.get(name) ?? 0)) problems.push(`The import opens something and leaves it open: ${name}.`);
} catch (error) {
  problems.push(`The entry cannot be imported: ${error instanceof Error ? error.message : String(error)}`);
}
process.send?.(problems, () => process.exit());

function defaultOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'default' in value ? value.default : undefined;
}

function isDefinition(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'activate' in value && typeof value.activate === 'function';
}

function count(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
