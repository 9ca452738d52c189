import path from 'node:path';
import type { Config } from './config.ts';
import { Assets } from './http/static.ts';
import { createTranslator, loadCatalog, type Catalog, type Translator } from './i18n/index.ts';
import type { Clock } from './kernel/clock.ts';
import type { Logger } from './kernel/log.ts';
import type { FoundPlugin } from './kernel/manifest.ts';
import type { Oversight } from './kernel/oversight.ts';
import type { Snapshot } from './kernel/snapshot.ts';
import type { TemplateFault } from './kernel/template-roots.ts';
import { buildTemplates, type Templates } from './kernel/templates.ts';
import { printNotice, type Notice } from './mail/index.ts';
import { coreFolder, coreLocales } from './paths.ts';
import type { Settings } from './settings/index.ts';
import type { Storage } from './storage/index.ts';
import { templateRoots } from './template-folders.ts';
import {
  findDraft,
  fitValues,
  listThemes,
  localesOf,
  lookOf,
  mailStyleOf,
  resolveTheme,
  stampOfThemes,
  templateValues,
  themeVersions,
  type Look,
  type OptionValues,
  type ResolvedTheme,
} from './theme/index.ts';
import { createHelpers } from './ui/helpers.ts';
import { createIcons } from './ui/icon.ts';

export type TranslatorFor = (locale: string | null, timeZone?: string | null) => Translator;

/** Pages in a look that only one person sees. */
export interface PreviewedLook {
  readonly look: Look;
  readonly templates: Templates;
  readonly translatorFor: TranslatorFor;
}

export interface ThemingDeps {
  readonly config: Config;
  readonly log: Logger;
  readonly storage: Storage;
  readonly settings: Settings;
  readonly oversight: Oversight;
}

type Unthemed = Omit<Snapshot, 'templates'>;

/** What belongs to a snapshot beside its templates: a request never sees some of the one and some of the other. */
interface Dress {
  readonly look: Look;
  readonly translatorFor: TranslatorFor;
}

/** Texts, templates and assets: what pages are made of, in the active look and in those that are tried out. */
export class Theming {
  readonly assets = new Assets();
  /** The look of the portal. */
  look: Look;
  /** Templates of the active look that are not used as they are, by owner and name. */
  readonly faults = new Map<string, TemplateFault>();
  /** Texts in the reader's language, or the site's when null. */
  translatorFor: TranslatorFor;
  private readonly deps: ThemingDeps;
  private readonly helpers;
  private catalog: Catalog = loadCatalog(coreLocales);
  private owners: ReadonlyMap<string, string> = new Map();
  private seen: { readonly site: unknown; readonly files: string } | undefined;
  private newest: { readonly key: string; readonly values: OptionValues } | undefined;
  private readonly previews = new Map<string, PreviewedLook>();
  private readonly dresses = new WeakMap<Templates, Dress>();

  constructor(deps: ThemingDeps) {
    this.deps = deps;
    this.look = lookOf(resolveTheme(deps.config, 'default'), {});
    this.translatorFor = this.translators(this.catalog);
    const core = createHelpers({
      icons: createIcons({ lenient: true }),
      assetUrl: (name, plugin) => this.assets.url(plugin === undefined ? 'core' : `p/${plugin}`, name),
    });
    this.helpers = Object.entries(core).map(([name, run]) => ({ name, plugin: 'core', run }));
  }

  locales(): readonly string[] {
    return this.catalog.locales;
  }

  /** Looks at what is chosen and at what lies on disk. True when pages must be made anew. */
  async read(): Promise<boolean> {
    const site = await this.deps.settings.get('site');
    const files = stampOfThemes(this.deps.config);
    // Settings that did not change are the same object.
    if (site === this.seen?.site && files === this.seen.files) return false;
    const look = await this.current(
      resolveTheme(this.deps.config, String(site['theme']), textsIn(site['themeParents'])),
      Number(site['themePublished']),
    );
    const owners = new Map(
      textsIn(site['templateOwners']).map((text): [string, string] => [text.split('=')[0] ?? '', text.split('=')[1] ?? '']),
    );
    const isChanged = look.stamp !== this.look.stamp || String([...owners]) !== String([...this.owners]);
    if (look.trouble !== undefined && look.trouble.message !== this.look.trouble?.message)
      this.deps.log.error('The portal falls back to another theme.', {
        theme: look.trouble.theme,
        used: look.theme.id,
        error: look.trouble.message,
      });
    this.look = look;
    this.owners = owners;
    this.seen = { site, files };
    return isChanged;
  }

  /** Which plugin replaces a template that several do, if somebody chose. */
  ownerOf(template: string): string | undefined {
    return this.owners.get(template);
  }

  // Each second every process asks; the database only after something was published.
  private async current(resolved: ResolvedTheme, publishedAt: number): Promise<Look> {
    const key = `${resolved.theme.id} ${publishedAt}`;
    if (this.newest?.key !== key)
      this.newest = { key, values: (await themeVersions(this.deps.storage.read, resolved.theme.id, 1))[0]?.values ?? {} };
    return lookOf(resolved, fitValues(resolved.options, this.newest.values).values);
  }

  /** The theme with the values that were published for it. */
  async published(resolved: ResolvedTheme): Promise<Look> {
    const [newest] = await themeVersions(this.deps.storage.read, resolved.theme.id, 1);
    return lookOf(resolved, fitValues(resolved.options, newest?.values ?? {}).values);
  }

  /** What a person tries out with a theme, else what is published. */
  async drafted(resolved: ResolvedTheme, userId: number): Promise<Look> {
    const draft = await findDraft(this.deps.storage.read, resolved.theme.id, userId);
    return draft === undefined ? this.published(resolved) : lookOf(resolved, fitValues(resolved.options, draft).values);
  }

  /** Look and texts as they were when a snapshot was made. */
  of({ templates }: Pick<Snapshot, 'templates'>): Dress {
    return (templates === undefined ? undefined : this.dresses.get(templates)) ?? this;
  }

  /**
   * Templates of one snapshot in the active look; texts and assets follow the running plugins with it. A snapshot
   * that is not whole leaves out what one person skips, and changes nothing for the others.
   */
  build(snapshot: Unthemed, isWhole: boolean): Templates {
    const { look } = this;
    const catalog = this.catalogOf(snapshot.plugins, look);
    const translatorFor = this.translators(catalog);
    if (isWhole) {
      this.faults.clear();
      this.previews.clear();
      this.catalog = catalog;
      this.translatorFor = translatorFor;
      this.setAssets(snapshot.plugins);
    }
    const templates = this.templates(snapshot, look, (fault) => {
      const { owner, template, kind, error } = fault;
      if (isWhole) this.faults.set(`${owner} ${template} ${kind}`, fault);
      this.deps.log.warn('A template is not used as it is.', { owner, template, kind, error });
    });
    this.dresses.set(templates, { look, translatorFor });
    templates.warm('theme');
    return templates;
  }

  /** Pages in another look, for one person; kept while plugins and look stay the same. */
  preview(snapshot: Unthemed, look: Look): PreviewedLook {
    const key = `${snapshot.generation} ${look.stamp} ${look.chain.map(({ id }) => this.assets.url(`t/${id}`, '')).join(' ')}`;
    const known = this.previews.get(key);
    if (known !== undefined) return { ...known, look };
    if (this.previews.size > 20) this.previews.clear();
    const preview = {
      look,
      templates: this.templates(snapshot, look, () => {}),
      translatorFor: this.translators(this.catalogOf(snapshot.plugins, look)),
    };
    this.previews.set(key, preview);
    return preview;
  }

  /** Prints a notice in the active look, or in one that is tried out. */
  async printNotice(notice: Notice, snapshot: Snapshot, { clock, preview }: { clock: Clock; preview?: PreviewedLook }) {
    const look = preview?.look ?? this.look;
    const site = await this.deps.settings.get('site');
    const translator = (preview?.translatorFor ?? this.translatorFor)(notice.locale);
    const theme = templateValues(look.options, look.values, translator.locale);
    const logo = String(theme['logo'] ?? '');
    return printNotice(
      {
        templates: preview?.templates ?? snapshot.templates ?? this.templates(snapshot, look, () => {}),
        translator,
        variables: { theme, mail: mailStyleOf(look) },
        site: String(site['name']),
        logoUrl: logo === '' ? undefined : new URL(logo, this.deps.config.url).href,
        now: clock.now(),
      },
      notice,
    );
  }

  private templates(snapshot: Unthemed, { chain }: Look, onFault: (fault: TemplateFault) => void): Templates {
    return buildTemplates({
      roots: templateRoots(snapshot.plugins, chain),
      helpers: [...this.helpers, ...snapshot.helpers.map(({ plugin, value }) => ({ ...value, plugin }))],
      onFault,
      oversight: this.deps.oversight,
      owners: this.owners,
      cacheFolder: path.join(this.deps.config.data, 'cache', 'templates'),
    });
  }

  private catalogOf(plugins: readonly FoundPlugin[], { chain }: Look): Catalog {
    return loadCatalog([...coreLocales, ...plugins.flatMap((plugin) => folderOf(plugin, 'locales')), ...localesOf(chain)]);
  }

  private setAssets(plugins: readonly FoundPlugin[]): void {
    const themes = [...listThemes(this.deps.config), ...this.look.chain];
    this.assets.set([
      { name: 'core', folders: [path.join(coreFolder, 'dist/web'), path.join(coreFolder, 'ui/assets')] },
      ...themes.map(({ id, folder }) => ({ name: `t/${id}`, folders: [folder] })),
      ...plugins.flatMap((plugin) => folderOf(plugin, 'assets').map((folder) => ({ name: `p/${plugin.id}`, folders: [folder] }))),
    ]);
  }

  private translators(catalog: Catalog): TranslatorFor {
    const known = new Map<string, Translator>();
    return (locale, timeZone) => {
      const [language, zone] = [locale ?? this.deps.config.locale, timeZone ?? 'UTC'];
      const key = `${language} ${zone}`;
      const translator = known.get(key) ?? createTranslator({ catalog, locale: language, timeZone: zone });
      known.set(key, translator);
      return translator;
    };
  }
}

function folderOf(plugin: FoundPlugin, kind: 'locales' | 'assets'): string[] {
  return plugin.manifest[kind] === undefined ? [] : [path.join(plugin.folder, plugin.manifest[kind])];
}

function textsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
