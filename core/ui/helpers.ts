import { fill, reasonInWords, type Params } from '../i18n/index.ts';
import { fieldFrom } from './fields.ts';
import { SafeHtml, escapeHtml } from './html.ts';
import type { IconSet } from './icon.ts';
import { initialsOf, toneOf } from './person.ts';
import { clockOf, isRecord, timeTag, timeStyleFrom } from './time-tag.ts';
import type { RequestView, SlotContent } from './types.ts';
import { isSafeUrl } from './url.ts';

/*
 * Helpers are registered once and shared by all requests and plugins, so they hold no state:
 * language, time zone, rights and slots come from `@root.request` of the page being rendered.
 * A helper shadows a field of the same name when it stands alone: print `{{this.number}}`.
 */

/** What Handlebars hands over as the last argument. */
export interface HelperOptions {
  readonly hash: Readonly<Record<string, unknown>>;
  readonly data: { readonly root: { readonly request: RequestView } };
}

export type Helper = (this: unknown, ...args: unknown[]) => unknown;

export interface HelperDeps {
  readonly icons: IconSet;
  /** Address of a file of core, or of a plugin's `assets` folder. */
  readonly assetUrl: (name: string, plugin?: string) => string;
}

/** The helpers every template may use, by name. */
export function createHelpers({ icons, assetUrl }: HelperDeps): Readonly<Record<string, Helper>> {
  return {
    t: withRequest((request, [text], hash) => plain(request, text, hash)),
    rich: withRequest((request, [text], hash) => rich(request, text, hash)),
    pattern: withRequest((request, [key]) => request.translator.pattern(String(key))),
    'reason-words': withRequest((request, [stored]) => reasonInWords(request.translator, String(stored))),
    icon: withRequest(
      (_, [name], { size, label, flip }) =>
        new SafeHtml(icons.icon(String(name), { size: numberOf(size), label: textOf(label), flip: textOf(flip) })),
    ),
    asset: withRequest((_, [name], { plugin }) => assetUrl(String(name), textOf(plugin))),
    time: withRequest((request, [at], { as }) => timeTag(request, at, (t, value) => t.date(value, timeStyleFrom(as)))),
    stamp: withRequest((request, [at]) => timeTag(request, at, (t, value) => t.stamp(value, request.now))),
    relative: withRequest((request, [at]) => timeTag(request, at, (t, value) => t.relative(value, request.now), 'relative')),
    clock: withRequest((request, [at], { timeZone }) => clockOf(request.locale, at, textOf(timeZone) ?? request.timeZone)),
    number: withRequest((request, [value]) => (typeof value === 'number' ? request.translator.number(value) : '')),
    bytes: withRequest((request, [value]) => (typeof value === 'number' ? request.translator.bytes(value) : '')),
    count: withRequest((request, [value]) => capped(request, value)),
    eq: (a, b) => a === b,
    not: (a) => !a || (Array.isArray(a) && a.length === 0),
    and: (...args) => args.slice(0, -1).every(Boolean),
    or: (...args) => args.slice(0, -1).find(Boolean),
    any: (...args) => args.slice(0, -1).some((one) => (Array.isArray(one) ? one.length > 0 : Boolean(one))),
    concat: (...args) => args.slice(0, -1).map(String).join(''),
    join: withRequest((request, [items]) => (Array.isArray(items) ? request.translator.list(items.map(String)) : '')),
    initials: withRequest((request, [name]) => initialsOf(String(name), request.locale)),
    tone: (person) => (isRecord(person) ? toneOf(person) : 1),
    query: withRequest((request, _, hash) => changedQuery(request, hash)),
    can: withRequest((request, [permission]) => request.permissions.has(String(permission))),
    slot: withRequest((request, [name, id]) => new SafeHtml(slotHtml(request, String(name), textOf(id)))),
    'safe-url': (address) => (typeof address === 'string' && isSafeUrl(address) ? address : '#'),
    field: withRequest((_, __, hash) => fieldFrom(hash)),
  };
}

type Body = (request: RequestView, args: readonly unknown[], hash: HelperOptions['hash']) => unknown;

function withRequest(body: Body): Helper {
  return (...args) => {
    const options = args.at(-1);
    if (!isOptions(options)) throw new Error('A helper was called outside a template.');
    return body(options.data.root.request, args.slice(0, -1), options.hash);
  };
}

function isOptions(value: unknown): value is HelperOptions {
  return isRecord(value) && isRecord(value['hash']) && isRecord(value['data']);
}

function literalOf(text: unknown): string | undefined {
  return isRecord(text) ? textOf(text['text']) : undefined;
}

/** A key of the catalogue, or a `Sentence` chosen by a presenter. */
function parts(text: unknown, hash: Params): { key: string; params: Params } {
  if (!isRecord(text)) return { key: typeof text === 'string' ? text : '', params: hash };
  const params = isRecord(text['params']) ? { ...text['params'], ...hash } : hash;
  return { key: textOf(text['key']) ?? '', params };
}

function plain(request: RequestView, text: unknown, hash: Params): string {
  const literal = literalOf(text);
  if (literal !== undefined) return literal;
  const { key, params } = parts(text, hash);
  return key === '' ? '' : request.translator.t(key, params);
}

/** The sentence as markup: what people wrote stands in `<bdi>`, so that its direction cannot disturb ours. */
function rich(request: RequestView, text: unknown, hash: Params): SafeHtml {
  const literal = literalOf(text);
  if (literal !== undefined) return new SafeHtml(escapeHtml(literal));
  const { key, params } = parts(text, hash);
  const pattern = key === '' ? '' : escapeHtml(request.translator.pattern(key, params));
  return new SafeHtml(
    fill(pattern, (name) => {
      const value = params[name];
      if (value instanceof SafeHtml) return value.toHTML();
      if (typeof value === 'number') return escapeHtml(request.translator.number(value));
      return typeof value === 'string' && value !== '' ? `<bdi>${escapeHtml(value)}</bdi>` : '';
    }),
  );
}

function capped(request: RequestView, value: unknown): string {
  if (typeof value !== 'number') return '';
  return value > 99 ? `${request.translator.number(99)}+` : request.translator.number(value);
}

/** The address of this page with some parameters changed; an empty value removes one. */
function changedQuery(request: RequestView, hash: Params): string {
  const query = new URLSearchParams(request.query);
  for (const [name, value] of Object.entries(hash)) {
    if (typeof value === 'number' || (typeof value === 'string' && value !== '')) query.set(name, String(value));
    else query.delete(name);
  }
  const text = query.toString();
  return text === '' ? request.path : `${request.path}?${text}`;
}

/** With an id: what plugins put beside that one thing of a list. */
function slotHtml(request: RequestView, name: string, id?: string): string {
  const contents = request.slots?.[name] ?? [];
  if (id !== undefined) return contents.map(({ items }) => items?.[id] ?? '').join('');
  return contents.map((content) => (content.lazyUrl === undefined ? content.html : lazyHtml(request, content.lazyUrl, content))).join('');
}

function lazyHtml(request: RequestView, url: string, { pluginId }: SlotContent): string {
  const href = escapeHtml(url);
  const text = escapeHtml(request.translator.t('ui.slot.late'));
  return `<div class="slot-late" data-plugin="${escapeHtml(pluginId)}" hx-get="${href}" hx-trigger="load delay:200ms" hx-swap="outerHTML"><a href="${href}">${text}</a></div>`;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
