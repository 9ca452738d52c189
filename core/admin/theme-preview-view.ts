import type { App } from '../app.ts';
import type { Context } from '../http/request-state.ts';
import { languageName } from '../i18n/index.ts';
import {
  defaultOf,
  findDraft,
  imageUrl,
  issuePreview,
  measureLook,
  propertyOf,
  textIn,
  themeVersions,
  type Look,
  type ThemeOption,
} from '../theme/index.ts';
import type { Sentence } from '../ui/types.ts';
import { findUsers } from '../users/index.ts';

interface Looking {
  readonly look: Look;
  readonly userId: number;
  readonly sessionId: number;
}

interface Choice {
  readonly value: string;
  readonly label: Sentence;
  readonly href: string;
  readonly current: boolean;
}

/** One option as a field of the form. */
export interface OptionFieldView {
  readonly name: string;
  readonly type: ThemeOption['type'];
  readonly label: string;
  readonly help: string;
  readonly value: string;
  readonly isOn: boolean;
  readonly isDefault: boolean;
  /** Custom property that gets the value as it is, so that the frame can follow at once. */
  readonly property: string;
  readonly unit: string;
  readonly imageUrl: string;
  readonly values: readonly { readonly value: string; readonly label: string; readonly selected: boolean }[];
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly step?: number | undefined;
  readonly maxLength?: number | undefined;
}

const devices = ['phone', 'tablet', 'desktop'];
const schemes = ['system', 'light', 'dark'];

/** The split screen: options, and the portal in a frame. What is chosen stands in the address, so that it works without script. */
export async function previewView({ desk, plugins, theming }: App, ctx: Context, { look, userId, sessionId }: Looking): Promise<object> {
  const { locale, translator } = ctx.state;
  const { theme } = look;
  const token = issuePreview(desk.secrets.passingKey('theme-preview'), { theme: theme.id, sessionId, userId }, desk.clock.now());
  const pages = await pagesOf();
  const asked = (name: string): string => ctx.URL.searchParams.get(name) ?? '';
  const page = pages.find(({ id }) => id === asked('page')) ?? pages[0];
  const language = desk.locales().find((one) => one === asked('lang')) ?? locale;
  const scheme = schemes.find((one) => one === asked('scheme')) ?? 'system';
  const device = devices.find((one) => one === asked('device')) ?? 'desktop';
  const chosen = { page: page?.id ?? '', lang: language, scheme, device };
  const here = (change: Partial<typeof chosen>): string =>
    `/admin/themes/${theme.id}/preview?${new URLSearchParams({ ...chosen, ...change }).toString()}`;
  const choice = (kind: keyof typeof chosen, value: string, label: Sentence): Choice => ({
    value,
    label,
    href: here({ [kind]: value }),
    current: chosen[kind] === value,
  });
  const query = here({}).split('?')[1] ?? '';
  const versions = await themeVersions(desk.storage.read, theme.id);
  const people = await findUsers(
    desk.storage.read,
    versions.flatMap(({ publishedBy }) => (publishedBy === null ? [] : [publishedBy])),
  );
  return {
    id: theme.id,
    name: textIn(theme.title, locale),
    isActive: theming.look.theme.id === theme.id,
    hasDraft: (await findDraft(desk.storage.read, theme.id, userId)) !== undefined,
    query,
    token,
    language,
    scheme,
    device,
    frameUrl: withPreview(page?.path ?? '/', `${token}~${language}~${scheme}`),
    pages: pages.map(({ id, label, path }) => ({ ...choice('page', id, label), path })),
    languages: desk.locales().map((one) => choice('lang', one, { key: 'theme.text', params: { text: languageName(one) } })),
    schemes: schemes.map((one) => choice('scheme', one, { key: `theme.scheme.${one}` })),
    devices: devices.map((one) => choice('device', one, { key: `theme.device.${one}` })),
    groups: groupsOf(look, locale),
    contrast: measureLook(look)
      .filter(({ level }) => level === 'error')
      .map(({ text }) => text),
    history: versions.map(({ id, publishedAt, publishedBy }, index) => ({
      id,
      at: publishedAt,
      by: (publishedBy === null ? undefined : people.get(publishedBy)?.name) ?? translator.t('event.system'),
      isCurrent: index === 0,
    })),
  };

  async function pagesOf(): Promise<readonly { readonly id: string; readonly path: string; readonly label: Sentence }[]> {
    const newest: { number: number } | undefined = await desk.storage
      .read('tickets')
      .whereNull('deleted_at')
      .where({ place: 'desk' })
      .orderBy('id', 'desc')
      .first('number');
    const ofPlugins = plugins.snapshot.all('menu').filter(({ value }) => value.area === 'portal');
    return [
      { id: 'home', path: '/', label: { key: 'theme.page.home' } },
      { id: 'new', path: '/tickets/new', label: { key: 'theme.page.new' } },
      { id: 'tickets', path: '/tickets', label: { key: 'theme.page.tickets' } },
      ...(newest === undefined ? [] : [{ id: 'ticket', path: `/tickets/${newest.number}`, label: { key: 'theme.page.ticket' } }]),
      { id: 'sign-in', path: '/sign-in', label: { key: 'theme.page.sign-in' } },
      ...ofPlugins.map(({ value }) => ({ id: value.href.slice(1).replaceAll('/', '.'), path: value.href, label: { key: value.label } })),
    ];
  }
}

function withPreview(path: string, parameter: string): string {
  return `${path}?preview=${encodeURIComponent(parameter)}`;
}

function groupsOf(look: Look, locale: string): readonly { readonly title: string; readonly fields: readonly OptionFieldView[] }[] {
  const fields = Object.entries(look.options).map(([name, option]) => ({
    group: option.group ?? '',
    field: fieldOf(look, name, option, locale),
  }));
  return [{ id: '', title: '' }, ...look.groups]
    .map(({ id, title }) => ({
      title: textIn(title, locale),
      fields: fields.filter(({ group }) => group === id).map(({ field }) => field),
    }))
    .filter((group) => group.fields.length > 0);
}

function fieldOf({ values }: Look, name: string, option: ThemeOption, locale: string): OptionFieldView {
  const value = values[name] ?? defaultOf(option, locale);
  const isNumber = option.type === 'number';
  return {
    name,
    type: option.type,
    label: textIn(option.title, locale),
    help: textIn(option.help, locale),
    value: String(value),
    isOn: value === true,
    isDefault: values[name] === undefined,
    property: option.type === 'number' || option.type === 'color' ? propertyOf(name, option) : '',
    unit: isNumber ? (option.unit ?? '') : '',
    imageUrl: option.type === 'image' && Number(value) > 0 ? imageUrl(Number(value)) : '',
    values:
      option.type === 'enum'
        ? option.values.map((one) => ({ value: one.value, label: textIn(one.title, locale), selected: one.value === value }))
        : [],
    ...(isNumber ? { minimum: option.minimum, maximum: option.maximum, step: option.step ?? 1 } : {}),
    ...(option.type === 'text' ? { maxLength: option.maxLength ?? 200 } : {}),
  };
}
