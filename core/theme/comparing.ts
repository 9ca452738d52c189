import path from 'node:path';
import type { Config } from '../config.ts';
import { discover } from '../kernel/discovery.ts';
import { NotFound } from '../kernel/errors.ts';
import { candidates, readTemplate, versionOf } from '../kernel/template-roots.ts';
import { templateRoots } from '../template-folders.ts';
import { diffLines, type DiffLine } from './diff.ts';
import { resolveTheme } from './themes.ts';

export interface TemplateComparison {
  readonly template: string;
  /** What the theme's file stands in front of. */
  readonly original: { readonly owner: string; readonly version: number; readonly file: string };
  readonly override: { readonly owner: string; readonly version: number; readonly file: string };
  readonly lines: readonly DiffLine[];
}

/**
 * How a theme's template differs from the one that it replaces.
 *
 * @throws NotFound `themes.not-found`, `themes.no-template` with the names that the theme replaces.
 */
export async function compareTemplate(config: Config, id: string, name: string): Promise<TemplateComparison> {
  const { chain } = resolveTheme(config, id);
  if (chain[0]?.id !== id) throw new NotFound('themes.not-found', { theme: id, message: `There is no theme ${id}.` });
  const { plugins } = await discover([config.root, config.data].map((root) => ({ folder: path.join(root, 'plugins') })));
  const all = candidates(templateRoots(plugins, chain), () => {});
  const offers = all.get(name) ?? [];
  const [mine, base] = [offers[0], offers.find(({ root }) => root.kind !== 'theme')];
  if (mine === undefined || base === undefined || mine.root.kind !== 'theme') {
    const replaced = [...all].filter(([, files]) => files[0]?.root.kind === 'theme' && files.length > 1).map(([one]) => one);
    const message = `${id} replaces no template ${name}. It replaces: ${replaced.toSorted().join(', ') || 'none'}.`;
    throw new NotFound('themes.no-template', { theme: id, template: name, message });
  }
  const [before, after] = [readTemplate(base), readTemplate(mine)];
  return {
    template: name,
    original: { owner: base.root.id, version: versionOf(before), file: base.file },
    override: { owner: mine.root.id, version: versionOf(after), file: mine.file },
    lines: diffLines(before, after),
  };
}
