import { existsSync, lstatSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../config.ts';
import { readThemeManifest, type ThemeManifest, type ThemeOptions } from './manifest.ts';

export interface Theme extends ThemeManifest {
  readonly id: string;
  readonly folder: string;
}

/** Why the wanted theme is not shown as it is. */
export interface ThemeTrouble {
  readonly kind: 'missing' | 'unreadable' | 'circle';
  /** The theme that cannot be used: the wanted one or one it extends. */
  readonly theme: string;
  /** One sentence for the log. */
  readonly message: string;
}

/** A theme together with those it extends. */
export interface ResolvedTheme {
  /** The nearest usable theme. */
  readonly theme: Theme;
  /** That theme, then what it extends, nearest first. */
  readonly chain: readonly Theme[];
  /** Options of the whole chain; the nearest definition of a name counts. */
  readonly options: ThemeOptions;
  readonly groups: NonNullable<ThemeManifest['groups']>;
  readonly trouble?: ThemeTrouble | undefined;
}

type Places = Pick<Config, 'root' | 'data'>;

const idShape = /^[a-z](?=.{1,39}$)[a-z0-9]*(-[a-z0-9]+)*$/;
export const themeStylesheets = ['tokens.css', 'theme.css'];

/** Themes of the site and of the data folder that can be read. */
export function listThemes(config: Places): readonly Theme[] {
  const ids = themeRoots(config).flatMap((root) => (existsSync(root) ? readdirSync(root) : []));
  return [...new Set(ids)].toSorted().flatMap((id) => readTheme(config, id) ?? []);
}

/** A text that changes when a theme comes, goes or gets another `theme.json`; nothing is read for it. */
export function stampOfThemes(config: Places): string {
  const folders = themeRoots(config).flatMap((root) =>
    existsSync(root)
      ? readdirSync(root, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? path.join(root, entry.name) : []))
      : [],
  );
  return folders
    .map((folder) => {
      const file = path.join(folder, 'theme.json');
      const found = statSync(file, { throwIfNoEntry: false });
      // A file that is moved into place keeps the time it was written at, but not the one it was moved at.
      return found === undefined ? '' : `${file} ${found.ino} ${found.ctimeMs} ${found.size}`;
    })
    .join('\n');
}

/** The folder of the theme with this id, whether or not it can be used; a link is nobody's theme. */
export function themeFolder(config: Places, id: string): string | undefined {
  if (!isThemeId(id)) return undefined;
  return themeRoots(config)
    .map((root) => path.join(root, id))
    .find((folder) => lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() === true);
}

/** Whether the text can be the id of a theme: it names a folder and a part of addresses. */
export function isThemeId(id: string): boolean {
  return idShape.test(id);
}

/** The theme with this id, if its folder and its theme.json can be read. */
export function readTheme(config: Places, id: string): Theme | undefined {
  const folder = themeFolder(config, id);
  return folder === undefined ? undefined : readThemeIn(folder);
}

/** The theme in a folder, which need not be among the site's. */
export function readThemeIn(folder: string): Theme | undefined {
  const { manifest } = readThemeManifest(folder);
  return manifest === undefined ? undefined : { ...manifest, id: path.basename(folder), folder };
}

/**
 * The theme and what it extends. What cannot be read is passed over for the parents it had when it was
 * chosen (`known`), and in the end for core, which needs no theme.
 */
export function resolveTheme(config: Places, wanted: string, known: readonly string[] = []): ResolvedTheme {
  return follow(config, wanted, known, undefined);
}

/** As `resolveTheme`, beginning with a theme that is already read. */
export function resolveFrom(config: Places, theme: Theme): ResolvedTheme {
  return follow(config, theme.id, [], theme);
}

function follow(config: Places, wanted: string, known: readonly string[], first: Theme | undefined): ResolvedTheme {
  const chain: Theme[] = [];
  let trouble: ThemeTrouble | undefined;
  let rest = known.filter((id) => id !== wanted);
  let next: string | undefined = wanted;
  while (next !== undefined) {
    const id: string = next;
    if (chain.some((one) => one.id === id)) {
      trouble ??= {
        kind: 'circle',
        theme: id,
        message: `The theme ${id} extends itself, through ${chain.map((one) => one.id).join(' and ')}.`,
      };
      break;
    }
    const theme: Theme | undefined = first?.id === id ? first : readTheme(config, id);
    if (theme === undefined) trouble ??= unusable(config, id);
    else chain.push(theme);
    rest = rest.filter((one) => one !== id);
    next = theme === undefined ? rest[0] : theme.extends;
  }
  const nearest = chain[0] ?? coreLook(config);
  return {
    theme: nearest,
    chain: chain.length === 0 ? [nearest] : chain,
    options: Object.assign({}, ...chain.toReversed().map(({ options }) => options ?? {})) as ThemeOptions,
    groups: chain.flatMap(({ groups }) => groups ?? []).filter(({ id }, index, all) => all.findIndex((one) => one.id === id) === index),
    trouble,
  };
}

function unusable(config: Places, id: string): ThemeTrouble | undefined {
  const folder = themeFolder(config, id);
  // Core looks well by itself, and a desk is not told to have a theme.
  if (folder === undefined && id === 'default') return undefined;
  return folder === undefined
    ? { kind: 'missing', theme: id, message: `The folder of the theme ${id} is gone.` }
    : { kind: 'unreadable', theme: id, message: `The theme ${id} cannot be used. ${readThemeManifest(folder).problems[0] ?? ''}`.trim() };
}

function coreLook(config: Places): Theme {
  return { id: 'none', title: 'Core', version: '0.0.0', folder: path.join(config.data, 'no-theme') };
}

function themeRoots(config: Places): readonly string[] {
  return [path.join(config.root, 'themes'), path.join(config.data, 'themes')];
}
