// The projects are the folders that are present, so deleting a plugin's folder breaks nothing.
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

export const root = path.resolve(import.meta.dirname, '../..');

/** Folders, relative to the root, that hold a tsconfig.json; each builds into its own `dist`. */
export function projectFolders() {
  const plugins = existsSync(path.join(root, 'plugins')) ? readdirSync(path.join(root, 'plugins')).map((id) => `plugins/${id}`) : [];
  const candidates = ['core', 'core/ui/elements', 'cli', ...plugins.toSorted(), 'test'];
  return candidates.filter((folder) => hasSources(folder));
}

function hasSources(folder) {
  const full = path.join(root, folder);
  return (
    existsSync(path.join(full, 'tsconfig.json')) &&
    readdirSync(full, { recursive: true }).some((name) => name.endsWith('.ts') && !/(^|\/)(dist|node_modules)\//.test(name))
  );
}
