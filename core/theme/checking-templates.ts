import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Catalog } from '../i18n/index.ts';
import type { FoundPlugin } from '../kernel/manifest.ts';
import { checkTemplate, precompileTemplate, templateNames, type TemplateName } from '../kernel/precompile.ts';
import { candidates, hasHeader, headerOf, readTemplate, versionOf, type TemplateFile } from '../kernel/template-roots.ts';
import { apiVersion } from '../paths.ts';
import { templateRoots } from '../template-folders.ts';
import { createHelpers } from '../ui/helpers.ts';
import { createIcons } from '../ui/icon.ts';
import { checkMarkup, checkTexts } from './checking-markup.ts';
import type { ThemeProblem } from './problem.ts';
import type { Theme } from './themes.ts';

const builtIn = ['if', 'unless', 'each', 'with', 'lookup', 'log'];

/** Checks each template of a theme: that it compiles, that what it names exists, and that it replaces something. */
export function checkTemplates(
  theme: Theme,
  parents: readonly Theme[],
  plugins: readonly FoundPlugin[],
  catalog: Catalog,
): readonly ThemeProblem[] {
  const problems: ThemeProblem[] = [];
  const all = candidates(templateRoots(plugins, [theme, ...parents]), ({ owner, kind, template }) => {
    if (owner === theme.id && kind === 'not-themeable')
      problems.push({ level: 'warning', text: `${template} is not for themes to replace, so the theme's file is ignored.` });
  });
  const helpers = new Set([...builtIn, ...Object.keys(createHelpers({ icons: createIcons({ lenient: true }), assetUrl: (name) => name }))]);
  const own = [...all.values()].flatMap((files) => files.filter(({ root }) => root.kind === 'theme' && root.id === theme.id));
  const replaceable = [...all].filter(([, files]) => files.some(({ root }) => root.kind !== 'theme' && root.themeable !== undefined));
  const names = replaceable.filter(([name, files]) => files.at(-1)?.root.themeable?.(name) === true).map(([name]) => name);
  const texts = ownTexts(theme.folder);
  const included = new Set<string>();
  for (const file of own) {
    const source = readTemplate(file);
    const where = path.relative(theme.folder, file.file);
    const faults = checkTemplate(source);
    for (const { kind, line, message } of faults)
      problems.push({ level: kind === 'unquoted' ? 'warning' : 'fatal', text: `${where}, line ${line}: ${firstLine(message)}` });
    problems.push(
      ...checkMarkup(where, source),
      ...checkTexts(where, source, (key) => texts.has(key) || catalog.find('en', key) !== undefined),
    );
    if (faults.some(({ kind }) => kind === 'syntax')) continue;
    if (!faults.some(({ kind }) => kind === 'unsafe')) problems.push(...compiling(where, source, [...helpers]));
    for (const { kind, name, line } of templateNames(source)) {
      if (kind === 'partial') included.add(name);
      const isKnown = kind === 'partial' ? all.has(name) || name === '@partial-block' : isHelper(name);
      if (!isKnown) problems.push({ level: 'fatal', text: `${where}, line ${line}: there is no ${kind} ${name}${whoHas(kind, name)}.` });
    }
    problems.push(...shadowing(where, source, helpers));
    problems.push(...circles(where, file.name, all));
  }
  return [...problems, ...own.flatMap((file) => overriding(file, all.get(file.name) ?? [], names, included, plugins))];

  // A plugin's helpers are known when it runs; their names begin with its id.
  function isHelper(name: string): boolean {
    return helpers.has(name) || plugins.some(({ id }) => name.startsWith(`${id}-`));
  }

  function whoHas(kind: TemplateName['kind'], name: string): string {
    const owner = /^([a-z][a-z0-9]*)[-/]/.exec(name)?.[1];
    if (owner !== undefined && !plugins.some(({ id }) => id === owner) && !coreFeatures.includes(owner))
      return `; it would come from a plugin ${owner}, which is not here`;
    return kind === 'helper' ? ` in version ${apiVersion} of the plugin API` : '';
  }
}

const coreFeatures = ['portal', 'auth', 'ui', 'tickets', 'users', 'notifications', 'admin', 'inbox', 'emails', 'partials', 'layouts'];

// A helper goes before a field of the same name, and called without anything it rarely prints what was meant.
function shadowing(where: string, source: string, helpers: ReadonlySet<string>): readonly ThemeProblem[] {
  return [...source.matchAll(/\{\{\s*([a-z][\w-]*)\s*\}\}/gi)]
    .filter(([, name = '']) => helpers.has(name))
    .map(({ index, 1: name = '' }) => ({
      level: 'warning' as const,
      text: `${where}, line ${source.slice(0, index).split('\n').length}: {{${name}}} calls a helper; for the field write {{this.${name}}}.`,
    }));
}

// A partial that includes itself prints until the desk stops it.
function circles(where: string, name: string, all: ReadonlyMap<string, readonly TemplateFile[]>): readonly ThemeProblem[] {
  const seen = new Set<string>();
  const open = [name];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const file = all.get(next)?.[0];
    if (file === undefined) continue;
    for (const { kind, name: included } of parsedNames(file)) {
      if (kind !== 'partial' || seen.has(included)) continue;
      if (included === name)
        return [{ level: 'error', text: `${where}: it includes itself${next === name ? '' : ` by way of ${next}`}; the desk stops that.` }];
      seen.add(included);
      open.push(included);
    }
  }
  return [];
}

function parsedNames(file: TemplateFile): readonly TemplateName[] {
  try {
    return templateNames(readTemplate(file));
  } catch {
    // What does not parse is reported where it lies.
    return [];
  }
}

function ownTexts(folder: string): ReadonlySet<string> {
  try {
    return new Set(Object.keys(JSON.parse(readFileSync(path.join(folder, 'locales/en.json'), 'utf8')) as object));
  } catch {
    return new Set();
  }
}

// Some faults show only when code is made of what was parsed, such as a partial with two contexts.
function compiling(where: string, source: string, helpers: readonly string[]): readonly ThemeProblem[] {
  try {
    precompileTemplate(where, source, helpers);
    return [];
  } catch (error) {
    return [{ level: 'fatal', text: `${where}: ${firstLine(error instanceof Error ? error.message : String(error))}.` }];
  }
}

function overriding(
  file: TemplateFile,
  offers: readonly TemplateFile[],
  names: readonly string[],
  included: ReadonlySet<string>,
  plugins: readonly FoundPlugin[],
): readonly ThemeProblem[] {
  const base = offers.findLast(({ root }) => root.kind !== 'theme');
  if (base !== undefined) {
    const [mine, theirs] = [versionOf(readTemplate(file)), versionOf(readTemplate(base))];
    if (mine === 0 && theirs > 0 && !hasHeader(readTemplate(file)))
      return [
        {
          level: 'warning',
          text: `${file.name} does not say which version it was copied from; its first line should be ${headerOf(file.name, theirs)}.`,
        },
      ];
    return mine < theirs ? [{ level: 'warning', text: `${file.name} was copied from version ${mine}; it is now version ${theirs}.` }] : [];
  }
  const plugin = /\/plugins\/([^/]+)\/[^/]/.exec(file.file)?.[1];
  if (plugin !== undefined && !plugins.some(({ id }) => id === plugin))
    return [{ level: 'recommendation', text: `${file.name} is for the plugin ${plugin}, which is not here; it could not be compared.` }];
  if (file.name.startsWith('partials/') || included.has(file.name)) return [];
  const nearest = names.toSorted((a, b) => distance(a, file.name) - distance(b, file.name))[0];
  const hint = nearest === undefined ? '' : ` Did you mean ${nearest}?`;
  return [{ level: 'warning', text: `${file.name} replaces nothing, so it is never shown.${hint}` }];
}

/** How many letters must be added, removed or changed to make one text of the other. */
function distance(from: string, to: string): number {
  let row = [...to.split(''), ''].map((_letter, index) => index);
  for (const [i, letter] of from.split('').entries()) {
    const next = [i + 1];
    for (const [j, other] of to.split('').entries())
      next.push(Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, (row[j] ?? 0) + (letter === other ? 0 : 1)));
    row = next;
  }
  return row.at(-1) ?? 0;
}

function firstLine(message: string): string {
  return message.split('\n')[0] ?? message;
}
