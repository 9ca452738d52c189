import path from 'node:path';
import type { FoundPlugin } from '../kernel/manifest.ts';
import { checkTemplate, precompileTemplate, templateNames } from '../kernel/precompile.ts';
import { candidates, readTemplate, versionOf, type TemplateFile } from '../kernel/template-roots.ts';
import { templateRoots } from '../template-folders.ts';
import { createHelpers } from '../ui/helpers.ts';
import { createIcons } from '../ui/icon.ts';
import type { ThemeProblem } from './problem.ts';
import type { Theme } from './themes.ts';

const builtIn = ['if', 'unless', 'each', 'with', 'lookup', 'log'];

/** Checks each template of a theme: that it compiles, that what it names exists, and that it replaces something. */
export function checkTemplates(theme: Theme, plugins: readonly FoundPlugin[]): readonly ThemeProblem[] {
  const problems: ThemeProblem[] = [];
  const all = candidates(templateRoots(plugins, theme), ({ owner, kind, template }) => {
    if (owner === theme.id && kind === 'not-themeable')
      problems.push({ level: 'warning', text: `${template} is not for themes to replace, so the theme's file is ignored.` });
  });
  const helpers = new Set([...builtIn, ...Object.keys(createHelpers({ icons: createIcons({ lenient: true }), assetUrl: (name) => name }))]);
  const own = [...all.values()].flatMap((files) => files.filter(({ root }) => root.kind === 'theme'));
  const replaceable = [...all].filter(([, files]) => files.some(({ root }) => root.kind !== 'theme' && root.themeable !== undefined));
  const names = replaceable.filter(([name, files]) => files.at(-1)?.root.themeable?.(name) === true).map(([name]) => name);
  const included = new Set<string>();
  for (const file of own) {
    const source = readTemplate(file);
    const where = path.relative(theme.folder, file.file);
    const faults = checkTemplate(source);
    for (const { kind, line, message } of faults)
      problems.push({ level: kind === 'unquoted' ? 'warning' : 'fatal', text: `${where}, line ${line}: ${firstLine(message)}` });
    if (faults.some(({ kind }) => kind === 'syntax')) continue;
    if (!faults.some(({ kind }) => kind === 'unsafe')) problems.push(...compiling(where, source, [...helpers]));
    for (const { kind, name, line } of templateNames(source)) {
      if (kind === 'partial') included.add(name);
      const isKnown = kind === 'partial' ? all.has(name) || name === '@partial-block' : isHelper(name);
      if (!isKnown) problems.push({ level: 'fatal', text: `${where}, line ${line}: there is no ${kind} ${name}.` });
    }
  }
  return [...problems, ...own.flatMap((file) => overriding(file, all.get(file.name) ?? [], names, included))];

  // A plugin's helpers are known when it runs; their names begin with its id.
  function isHelper(name: string): boolean {
    return helpers.has(name) || plugins.some(({ id }) => name.startsWith(`${id}-`));
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
): readonly ThemeProblem[] {
  const base = offers.findLast(({ root }) => root.kind !== 'theme');
  if (base !== undefined) {
    const [mine, theirs] = [versionOf(readTemplate(file)), versionOf(readTemplate(base))];
    return mine < theirs ? [{ level: 'warning', text: `${file.name} was copied from version ${mine}; it is now version ${theirs}.` }] : [];
  }
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
