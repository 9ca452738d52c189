import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { FoundPlugin } from '../kernel/manifest.ts';
import { factsOf } from './facts.ts';
import type { Stage } from './people.ts';

// More than any bundled page needs; a page that asks once per row passes it with the first page of rows.
const mostQueries = 60;
const themeId = 'overrides-everything';

/** Opens every page of a plugin: it answers, within a bounded number of queries (X9), in a theme that overrides none of its templates and in one that overrides all (X5). */
export async function checkPages(stage: Stage, plugin: FoundPlugin): Promise<readonly string[]> {
  const problems = await openAll(stage, plugin, 'the default theme');
  if (plugin.manifest.templates === undefined) return problems;
  const { app } = stage;
  const folder = path.join(app.desk.config.root, 'themes', themeId);
  writeTheme(folder, plugin, path.join(plugin.folder, plugin.manifest.templates));
  try {
    await app.activateTheme(themeId);
    return [...problems, ...(await openAll(stage, plugin, 'a theme that overrides all of its templates'))];
  } finally {
    // Without its folder the theme gives way to the built-in one.
    rmSync(folder, { recursive: true, force: true });
    await app.desk.settings.set('site', { theme: 'default' });
    await app.plugins.refresh();
  }
}

async function openAll(stage: Stage, plugin: FoundPlugin, where: string): Promise<readonly string[]> {
  const { read } = stage.app.desk.storage;
  const problems: string[] = [];
  for (const { method, path: pattern } of (await factsOf(stage.app, plugin)).routes) {
    if (method !== 'GET') continue;
    let queries = 0;
    const count = (): void => void (queries += 1);
    read.on('query', count);
    const response = await stage.fetch(pattern.replaceAll(/:\w+/g, '1'), { as: 'admin' });
    const text = await response.text();
    read.removeListener('query', count);
    if (response.status >= 500) problems.push(`${pattern} answers ${response.status} in ${where}.`);
    if (queries > mostQueries) problems.push(`${pattern} asks the database ${queries} times; ${mostQueries} is the most.`);
    const [key] = /(?<![\w./-])(?:[a-z-]+\.){1,4}[a-z-]+(?=<\/(?:h1|h2|label|button|a|p|th)>)/.exec(text) ?? [];
    if (key?.startsWith(`${plugin.id}.`) === true) problems.push(`${pattern} shows the key ${key} instead of a text.`);
  }
  return problems;
}

function writeTheme(folder: string, { id }: FoundPlugin, templates: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'theme.json'), JSON.stringify({ title: 'Overrides everything', version: '1.0.0' }));
  for (const name of readdirSync(templates, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.hbs') || name.startsWith('overrides')) continue;
    const file = path.join(folder, 'plugins', id, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, readFileSync(path.join(templates, name), 'utf8'));
  }
}
