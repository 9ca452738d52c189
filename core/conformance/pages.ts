import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { FoundPlugin } from '../kernel/manifest.ts';
import { factsOf } from './facts.ts';
import { liveThrough, type Stage } from './people.ts';
import { readsDuring, wastefulReads } from './reading.ts';

// More than any bundled page needs.
const mostQueries = 60;
const manyTickets = 12;
const themeId = 'overrides-everything';

/** Opens every page of a plugin: it answers in a theme that overrides none of its templates and in one that overrides all (X5). */
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
  const problems: string[] = [];
  for (const pattern of await pagesOf(stage, plugin)) {
    const response = await stage.open(addressOf(pattern));
    const text = await response.text();
    if (response.status >= 500) problems.push(`${pattern} answers ${response.status} in ${where}.`);
    const [key] = /(?<![\w./-])(?:[a-z-]+\.){1,4}[a-z-]+(?=<\/(?:h1|h2|label|button|a|p|th)>)/.exec(text) ?? [];
    if (key?.startsWith(`${plugin.id}.`) === true) problems.push(`${pattern} shows the key ${key} instead of a text.`);
  }
  return problems;
}

/** Every page reads a bounded number of times, whatever the number of rows, by key and never a whole table that grows (X9). */
export async function checkReading(stage: Stage, plugin: FoundPlugin): Promise<readonly string[]> {
  const { storage } = stage.app.desk;
  const { slug, small = [] } = plugin.manifest.db ?? { slug: plugin.id };
  const pages = [...(await pagesOf(stage, plugin)), ...pagesWithSlots(stage)];
  const read = async (pattern: string) => readsDuring(storage, async () => void (await (await stage.open(addressOf(pattern))).text()));
  const few = new Map<string, number>();
  for (const pattern of pages) few.set(pattern, (await read(pattern)).length);
  for (let index = 0; index < manyTickets; index += 1) await liveThrough(stage, `Ticket ${index} of many`);

  const problems: string[] = [];
  for (const pattern of pages) {
    const statements = await read(pattern);
    const [before, after] = [few.get(pattern) ?? 0, statements.length];
    if (after > mostQueries) problems.push(`${pattern} asks the database ${after} times; ${mostQueries} is the most.`);
    else if (after - before > manyTickets / 2)
      problems.push(`${pattern} asks the database ${before} times at first and ${after} times after ${manyTickets} more tickets.`);
    const own = { prefix: `p_${slug}_`, small };
    problems.push(...(await wastefulReads(storage, statements, own)).map((sentence) => `${pattern} ${sentence}`));
  }
  return problems;
}

async function pagesOf(stage: Stage, plugin: FoundPlugin): Promise<readonly string[]> {
  return (await factsOf(stage.app, plugin)).routes.flatMap(({ method, path: pattern }) => (method === 'GET' ? pattern : []));
}

// Where plugins put something of theirs beside what core shows.
function pagesWithSlots({ ticketNumber, people }: Stage): readonly string[] {
  return [
    '/desk',
    `/desk/tickets/${ticketNumber}`,
    `/tickets/${ticketNumber}`,
    `/desk/customers/${people.customer.id}`,
    '/admin/mailboxes',
  ];
}

function addressOf(pattern: string): string {
  return pattern.replaceAll(/:\w+/g, '1');
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
