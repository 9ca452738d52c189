import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { runInThisContext } from 'node:vm';
import { NotFound } from './errors.ts';
import { precompileTemplate } from './precompile.ts';
import { placeOf } from './gauge.ts';
import type { Oversight } from './oversight.ts';
import { bounded, spendLoop, within } from './render-bounds.ts';
import { runAsPlugin } from './scope.ts';
import { candidates, readTemplate, type TemplateFaultSink, type TemplateFile, type TemplateRoot, versionOf } from './template-roots.ts';

export type { TemplateFault, TemplateRoot } from './template-roots.ts';

/** A function templates can call; the last argument is Handlebars' options object. */
export interface TemplateHelper {
  readonly name: string;
  /** `core` or a plugin id. A plugin's helper that throws prints nothing; core's throws. */
  readonly plugin: string;
  readonly run: (this: unknown, ...args: unknown[]) => unknown;
}

/** One file that offers a template. */
export interface TemplateOffer {
  readonly file: string;
  readonly kind: TemplateRoot['kind'];
  /** `core`, or the id of the plugin or theme. */
  readonly owner: string;
  /** Number on its first line; 0 without one. */
  readonly version: number;
}

export interface TemplateSource extends TemplateOffer {
  /** What would be used if this file were gone, nearest first. */
  readonly shadowed: readonly TemplateOffer[];
}

/** What templates find at `@name`, however deep they are; such as `@theme`. */
export type TemplateVariables = Readonly<Record<string, unknown>>;

export interface Templates {
  /** @throws NotFound `templates.not-found`. */
  render(name: string, data: object, variables?: TemplateVariables): string;
  /** Renders `page` and hands it to `layout` as `{{body}}`. */
  renderPage(layout: string, page: string, data: object, variables?: TemplateVariables): string;
  has(name: string): boolean;
  sourceOf(name: string): TemplateSource | undefined;
  names(): readonly string[];
  /** Compiles everything, or what one kind of owner offers, now: the first visitor does not wait and faults show early. */
  warm(kind?: TemplateRoot['kind']): void;
}

export interface TemplateOptions {
  readonly roots: readonly TemplateRoot[];
  readonly helpers: readonly TemplateHelper[];
  /** Names of helpers that a template may call without arguments; those in `helpers` are added. */
  readonly knownHelpers?: readonly string[];
  readonly onFault: TemplateFaultSink;
  /** Which plugin replaces a template when two do. */
  readonly owners?: ReadonlyMap<string, string>;
  readonly oversight?: Oversight;
  /** Keeps compiled templates over restarts; they are named after their content. */
  readonly cacheFolder?: string;
}

type Render = (data: object, options?: { readonly data: TemplateVariables }) => string;

interface Runtime {
  SafeString: new (html: string) => { toHTML(): string };
  escapeExpression(value: unknown): string;
  create(): Environment;
}

interface Environment {
  template(spec: unknown): Render;
  registerHelper(name: string, helper: (...args: unknown[]) => unknown): void;
  readonly helpers: { readonly each: HandlebarsEach };
  partials: object;
}

type HandlebarsEach = (this: unknown, context: unknown, options: { readonly fn: (...args: unknown[]) => string }) => unknown;

const runtime = createRequire(import.meta.url)('handlebars/runtime.js') as Runtime;
const cached = new Map<string, unknown>();
const maxCached = 2000;

/** Marks HTML as ready to be printed by `{{ }}`; whoever calls it has escaped or sanitized every part. */
export function safeHtml(html: string): { toHTML(): string } {
  return new runtime.SafeString(html);
}

/** Builds the templates of one generation; nothing looks at the file system for them afterwards but the first use of each. */
export function buildTemplates(options: TemplateOptions): Templates {
  const { onFault } = options;
  const files = candidates(options.roots, onFault, options.owners);
  const knownHelpers = [...new Set([...(options.knownHelpers ?? []), ...options.helpers.map(({ name }) => name)])].toSorted();
  const environment = runtime.create();
  const compiled = new Map<string, { readonly render: Render; readonly source: TemplateSource }>();
  for (const helper of options.helpers) environment.registerHelper(helper.name, isolated(helper, options));
  environment.registerHelper('each', countedEach(environment.helpers.each));
  environment.partials = partials();
  let withoutThemes: Templates | undefined;

  return {
    render: (name, data, variables = {}) =>
      orWithoutThemes(
        name,
        () => bounded(() => use(name).render(data, { data: variables })),
        (plain) => plain.render(name, data, variables),
      ),
    renderPage: (layout, page, data, variables = {}) =>
      orWithoutThemes(
        page,
        () =>
          bounded(() => use(layout).render({ ...data, body: safeHtml(use(page).render(data, { data: variables })) }, { data: variables })),
        (plain) => plain.renderPage(layout, page, data, variables),
      ),
    has: (name) => files.has(name),
    sourceOf: (name) => (files.has(name) ? use(name).source : undefined),
    names: () => [...files.keys()].toSorted(),
    warm: (kind) => {
      for (const [name, offers] of files) if (kind === undefined || offers[0]?.root.kind === kind) use(name);
    },
  };

  // A theme's page can fail while it is printed; what core and plugins offer answers then.
  function orWithoutThemes(name: string, print: () => string, again: (plain: Templates) => string): string {
    const theme = options.roots.find(({ kind }) => kind === 'theme');
    if (theme === undefined) return print();
    try {
      return print();
    } catch (error) {
      withoutThemes ??= buildTemplates({ ...options, roots: options.roots.filter(({ kind }) => kind !== 'theme') });
      const printed = again(withoutThemes);
      onFault({ owner: theme.id, template: name, kind: 'failed', error: asError(error) });
      return printed;
    }
  }

  function use(name: string) {
    const known = compiled.get(name) ?? compileFirstGood(name, files.get(name) ?? []);
    compiled.set(name, known);
    return known;
  }

  function compileFirstGood(name: string, list: readonly TemplateFile[]) {
    for (const [index, file] of list.entries()) {
      try {
        const text = readTemplate(file);
        const render = environment.template(evaluate(name, text, knownHelpers, options.cacheFolder));
        const shadowed = list.slice(index + 1);
        reportOutdated(name, file, text, shadowed);
        return { render, source: { ...offerOf(file, text), shadowed: shadowed.flatMap(readableOffer) } };
      } catch (error) {
        // A broken override must not take the page away: the next candidate is used.
        onFault({ owner: file.root.id, template: name, kind: 'refused', error: asError(error) });
      }
    }
    throw new NotFound('templates.not-found', { template: name, message: `There is no usable template ${name}.` });
  }

  function reportOutdated(name: string, file: TemplateFile, text: string, shadowed: readonly TemplateFile[]): void {
    const base = shadowed.findLast(({ root }) => root.kind !== 'theme');
    if (base === undefined || file.root.kind !== 'theme') return;
    const [mine, theirs] = [versionOf(text), versionOf(readTemplate(base))];
    if (mine >= theirs) return;
    onFault({
      owner: file.root.id,
      template: name,
      kind: 'outdated',
      error: new Error(`${file.file} was copied from version ${mine} of ${name}; it is now version ${theirs}.`),
    });
  }

  // Handlebars looks partials up by name when it prints them, so that they too compile at first use.
  function partials(): object {
    const all: object = Object.create(null);
    for (const name of files.keys())
      Object.defineProperty(all, name, { enumerable: true, get: () => countedPartial(name, use(name).render) });
    return all;
  }
}

function countedEach(each: HandlebarsEach) {
  return function counted(this: unknown, ...args: unknown[]): unknown {
    const [context, options] = args as [unknown, Parameters<HandlebarsEach>[1]];
    const fn = Object.assign((...inner: unknown[]): string => {
      spendLoop();
      return options.fn(...inner);
    }, options.fn);
    return each.call(this, context, { ...options, fn });
  };
}

// Handlebars reads properties of the function it is given, such as those of a block.
function countedPartial(name: string, render: Render): Render {
  return Object.assign((data: object, options?: Parameters<Render>[1]) => within(name, () => render(data, options)), render);
}

function offerOf({ file, root }: TemplateFile, text: string): TemplateOffer {
  return { file, kind: root.kind, owner: root.id, version: versionOf(text) };
}

// Its folder may be on its way out.
function readableOffer(file: TemplateFile): readonly TemplateOffer[] {
  try {
    return [offerOf(file, readTemplate(file))];
  } catch {
    return [];
  }
}

function isolated({ name, plugin, run }: TemplateHelper, { onFault, oversight }: TemplateOptions) {
  return function helper(this: unknown, ...args: unknown[]): unknown {
    if (plugin === 'core') return run.apply(this, args);
    try {
      const work = () => run.apply(this, args);
      const printed = oversight === undefined ? runAsPlugin(plugin, work) : oversight.run(plugin, 'helper', name, work);
      if (!isPromise(printed)) return printed;
      printed.then(undefined, () => {});
      throw new TypeError(`The helper ${name} returned a promise; a template needs its answer at once.`);
    } catch (error) {
      onFault({ owner: plugin, template: name, kind: 'helper', error: asError(error) });
      oversight?.noteFailure(plugin, 'helper', name);
      oversight?.fault({ plugin, hook: placeOf('helper', name), kind: 'throw', error });
      return '';
    }
  };
}

function evaluate(name: string, source: string, knownHelpers: readonly string[], cacheFolder: string | undefined): unknown {
  const key = createHash('sha256')
    .update(`${knownHelpers.join(' ')}\0${source}`)
    .digest('hex');
  const known = cached.get(key);
  if (known !== undefined) return known;
  const script = fromDisk(cacheFolder, key) ?? precompileTemplate(name, source, knownHelpers);
  const spec: unknown = runInThisContext(`(${script})`, { filename: `template:${name}` });
  if (cacheFolder !== undefined) toDisk(cacheFolder, key, script);
  if (cached.size >= maxCached) cached.clear();
  cached.set(key, spec);
  return spec;
}

function fromDisk(folder: string | undefined, key: string): string | undefined {
  if (folder === undefined) return undefined;
  try {
    return readFileSync(path.join(folder, `${key}.js`), 'utf8');
  } catch {
    return undefined;
  }
}

// Written aside and renamed: another process must never read half a template.
function toDisk(folder: string, key: string, script: string): void {
  const target = path.join(folder, `${key}.js`);
  const aside = `${target}.${process.pid}`;
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(aside, script);
    renameSync(aside, target);
  } catch {
    // The cache only saves time; a full or read-only disk must not stop a page.
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
