import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** A folder of templates. A theme goes before a plugin, a plugin before core; of two themes the one that comes first. */
export interface TemplateRoot {
  readonly kind: 'core' | 'plugin' | 'theme';
  /** `core`, or the id of the plugin or theme. */
  readonly id: string;
  readonly folder: string;
  /** Put before each name, so that `article.hbs` of the plugin kb is `kb/article`; not for themes. */
  readonly prefix?: string;
  /** Which names of this root a theme may override; without it none, as for desk and admin. */
  readonly themeable?: (name: string) => boolean;
  /** Core templates this plugin replaces from its `overrides/` folder. */
  readonly overrides?: readonly string[];
}

export interface TemplateFile {
  readonly name: string;
  readonly file: string;
  readonly root: TemplateRoot;
}

export interface TemplateFault {
  /** The theme, plugin or `core` it belongs to. */
  readonly owner: string;
  readonly template: string;
  readonly kind: 'refused' | 'not-themeable' | 'two-claimants' | 'outdated' | 'helper' | 'failed';
  readonly error: Error;
}

export type TemplateFaultSink = (fault: TemplateFault) => void;

const precedence = { core: 0, plugin: 1, theme: 2 };
const themeFolders = ['layouts', 'partials', 'emails', 'plugins', 'pages'];

/** For each name the files that offer it, the winner first and what it shadows behind. */
export function candidates(
  roots: readonly TemplateRoot[],
  onFault: TemplateFaultSink,
  owners: ReadonlyMap<string, string> = new Map(),
): ReadonlyMap<string, readonly TemplateFile[]> {
  const byName = new Map<string, TemplateFile[]>();
  for (const root of roots.toSorted((a, b) => precedence[b.kind] - precedence[a.kind])) {
    for (const file of filesOf(root)) byName.set(file.name, [...(byName.get(file.name) ?? []), file]);
  }
  return new Map([...byName].map(([name, files]) => [name, allowed(name, files, onFault, owners.get(name))]));
}

function filesOf(root: TemplateRoot): TemplateFile[] {
  return hbsFiles(root.folder).flatMap((relative) => {
    const name = nameIn(root, relative.slice(0, -'.hbs'.length));
    return name === undefined ? [] : [{ name, file: path.join(root.folder, relative), root }];
  });
}

function hbsFiles(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.hbs'))
      .map((name) => name.split(path.sep).join('/'))
      .toSorted();
  } catch {
    // A theme that was removed while active falls back to what it shadowed.
    return [];
  }
}

function nameIn(root: TemplateRoot, relative: string): string | undefined {
  if (root.kind === 'theme') {
    const [folder = '', ...rest] = relative.split('/');
    if (!themeFolders.includes(folder) || rest.length === 0) return undefined;
    return folder === 'pages' || folder === 'plugins' ? rest.join('/') : relative;
  }
  if (root.kind === 'plugin' && relative.startsWith('overrides/')) {
    const name = relative.slice('overrides/'.length);
    return root.overrides?.includes(name) === true ? name : undefined;
  }
  return root.prefix === undefined ? relative : `${root.prefix}/${relative}`;
}

function allowed(
  name: string,
  files: readonly TemplateFile[],
  onFault: TemplateFaultSink,
  chosen: string | undefined,
): readonly TemplateFile[] {
  const own = files.filter(({ root }) => root.kind === 'core' || (root.kind === 'plugin' && root.overrides?.includes(name) !== true));
  const claimants = files.filter(({ root }) => root.kind === 'plugin' && root.overrides?.includes(name) === true);
  const picked = claimants.filter(({ root }) => root.id === chosen);
  const claims = picked.length > 0 ? picked : claimants;
  const themes = files.filter(({ root }) => root.kind === 'theme');
  const base = own.at(-1)?.root;
  const isThemeable = base === undefined || base.themeable?.(name) === true;
  const report = (file: TemplateFile, kind: TemplateFault['kind'], message: string) =>
    onFault({ owner: file.root.id, template: name, kind, error: new Error(message) });

  if (!isThemeable)
    for (const file of themes) report(file, 'not-themeable', `${name} is not for themes to override; ${file.file} is ignored.`);
  if (claims.length > 1) {
    const ids = claims.map(({ root }) => root.id).join(' and ');
    for (const file of claims) report(file, 'two-claimants', `${ids} both replace ${name}; neither is used.`);
  }
  return [...(isThemeable ? themes : []), ...(claims.length === 1 ? claims : []), ...own];
}

/** The number in `{{!-- template: name version: n --}}` on the first line; 0 without one. */
export function versionOf(source: string): number {
  return Number(/^\s*\{\{!--\s*template:\s*\S+\s+version:\s*(\d+)/.exec(source)?.[1] ?? 0);
}

export function hasHeader(source: string): boolean {
  return /^\s*\{\{!--\s*template:/.test(source);
}

/** The first line of a template that is shipped. */
export function headerOf(name: string, version: number): string {
  return `{{!-- template: ${name} version: ${version} --}}`;
}

export function readTemplate({ file }: TemplateFile): string {
  return readFileSync(file, 'utf8');
}
