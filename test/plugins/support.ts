import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface WrittenPlugin {
  readonly id: string;
  /** Body of `activate(ctx)`, in JavaScript. */
  readonly activate: string;
  /** More of the module, such as imports and functions. */
  readonly module?: string;
  readonly manifest?: Readonly<Record<string, unknown>>;
  readonly files?: Readonly<Record<string, string>>;
}

/** Writes a plugin as somebody would who never saw the project: a folder of plain JavaScript. */
export function writePlugin(parent: string, plugin: WrittenPlugin): string {
  const folder = path.join(parent, plugin.id);
  const manifest = { manifest: 1, id: plugin.id, title: plugin.id, api: '^1.0', ...plugin.manifest };
  const files: Record<string, string> = {
    'package.json': JSON.stringify({ name: plugin.id, version: '1.0.0', type: 'module', main: './index.js', helpdesk: manifest }),
    'index.js': `${plugin.module ?? ''}\nexport default { async activate(ctx) { ${plugin.activate} } };\n`,
    ...plugin.files,
  };
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), content);
  }
  return folder;
}
