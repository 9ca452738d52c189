import type { Timestamp } from '../kernel/clock.ts';
import type { Catalog, Entry } from './catalog.ts';

export type Params = Readonly<Record<string, unknown>>;
export type TimeStyle = 'time' | 'date' | 'short' | 'weekday' | 'long' | 'exact';

/** Texts, dates and numbers for one language and time zone. */
export interface Translator {
  readonly locale: string;
  readonly timeZone: string;
  readonly dir: 'ltr' | 'rtl';
  /** Falls back to the English text, then to the empty string: people never see a key. */
  t(key: string, params?: Params): string;
  /** The raw text with `{name}` places left open, for callers that put markup into them. */
  pattern(key: string, params?: Params): string;
  has(key: string): boolean;
  number(value: number, options?: Intl.NumberFormatOptions): string;
  bytes(value: number): string;
  date(at: Timestamp, style: TimeStyle): string;
  /** "4 min. ago", "yesterday"; more than a week away it is the date. */
  relative(at: Timestamp, now: Timestamp): string;
  /** Short enough for a list row: a time today, a weekday this week, else a date. */
  stamp(at: Timestamp, now: Timestamp): string;
  list(items: readonly string[]): string;
}

export interface TranslatorOptions {
  readonly catalog: Catalog;
  readonly locale: string;
  readonly timeZone: string;
  /** Told about a key that no language knows. */
  readonly onMissing?: ((key: string) => void) | undefined;
}

const rightToLeft = new Set(['ar', 'fa', 'he', 'ur', 'ckb', 'dv', 'ps', 'sd', 'yi']);

const timeStyles: Readonly<Record<TimeStyle, Intl.DateTimeFormatOptions>> = {
  time: { timeStyle: 'short' },
  date: { dateStyle: 'medium' },
  short: { day: 'numeric', month: 'short' },
  weekday: { weekday: 'short' },
  long: { dateStyle: 'long', timeStyle: 'short' },
  exact: { dateStyle: 'full', timeStyle: 'long' },
};

const relativeSteps: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
];

export function createTranslator({ catalog, locale, timeZone, onMissing }: TranslatorOptions): Translator {
  const language = locale.split('-')[0] ?? locale;
  const listing = lazily(() => new Intl.ListFormat(locale, { type: 'conjunction' }));
  const plural = lazily(() => new Intl.PluralRules(locale));
  const relativeTime = lazily(() => new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'short' }));
  const dates = new Map<TimeStyle, Intl.DateTimeFormat>();

  function number(value: number, options?: Intl.NumberFormatOptions): string {
    return numberFormat(locale, options).format(value);
  }

  function pattern(key: string, params: Params = {}): string {
    const entry = catalog.find(locale, key);
    if (entry === undefined) {
      onMissing?.(key);
      return '';
    }
    return chooseForm(entry, params, plural());
  }

  function date(at: Timestamp, style: TimeStyle): string {
    let format = dates.get(style);
    if (format === undefined) {
      format = new Intl.DateTimeFormat(locale, { ...timeStyles[style], timeZone });
      dates.set(style, format);
    }
    return format.format(at);
  }

  function relative(at: Timestamp, now: Timestamp): string {
    const distance = at - now;
    if (Math.abs(distance) > 7 * 86_400_000) return date(at, 'date');
    const step = relativeSteps.find(([, size]) => Math.abs(distance) >= size);
    return step === undefined ? relativeTime().format(0, 'minute') : relativeTime().format(Math.trunc(distance / step[1]), step[0]);
  }

  function stamp(at: Timestamp, now: Timestamp): string {
    const [day, today] = [dayOf(at, timeZone), dayOf(now, timeZone)];
    if (day === today) return date(at, 'time');
    if (now - at < 6 * 86_400_000 && at < now) return date(at, 'weekday');
    return date(at, day.slice(0, 4) === today.slice(0, 4) ? 'short' : 'date');
  }

  return {
    locale,
    timeZone,
    dir: rightToLeft.has(language) ? 'rtl' : 'ltr',
    t: (key, params) => fill(pattern(key, params), (name) => printed(params?.[name], number)),
    pattern,
    has: (key) => catalog.find(locale, key) !== undefined,
    number,
    bytes: (value) => bytes(value, number),
    date,
    relative,
    stamp,
    list: (items) => listing().format(items),
  };
}

/** Replaces each `{name}`; a place that nobody filled stays empty. */
export function fill(pattern: string, valueOf: (name: string) => string): string {
  return pattern.replaceAll(/\{(\w+)\}/g, (_, name: string) => valueOf(name));
}

function chooseForm(entry: Entry, params: Params, plural: Intl.PluralRules): string {
  if (typeof entry === 'string') return entry;
  const count = Number(params['count'] ?? 0);
  // An exact "0" reads better than "0 tickets" in most sentences, so catalogs may spell it out.
  return entry[`=${count}`] ?? entry[plural.select(count)] ?? entry['other'] ?? '';
}

function printed(value: unknown, number: (value: number) => string): string {
  if (typeof value === 'number') return number(value);
  return typeof value === 'string' ? value : '';
}

// Making a formatter costs a hundred times what using it does.
const numberFormats = new Map<string, Intl.NumberFormat>();

function numberFormat(locale: string, options?: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = options === undefined ? locale : `${locale} ${JSON.stringify(options)}`;
  const known = numberFormats.get(key);
  if (known !== undefined) return known;
  const made = new Intl.NumberFormat(locale, options);
  numberFormats.set(key, made);
  return made;
}

function bytes(value: number, number: (value: number, options?: Intl.NumberFormatOptions) => string): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;
  const power = Math.min(units.length - 1, value < 1 ? 0 : Math.floor(Math.log(value) / Math.log(1000)));
  return number(value / 1000 ** power, {
    style: 'unit',
    unit: units[power] ?? 'byte',
    unitDisplay: 'short',
    maximumFractionDigits: power === 0 || value / 1000 ** power >= 10 ? 0 : 1,
  });
}

const dayFormats = new Map<string, Intl.DateTimeFormat>();

function dayOf(at: Timestamp, timeZone: string): string {
  let format = dayFormats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-CA', { timeZone });
    dayFormats.set(timeZone, format);
  }
  return format.format(at);
}

function lazily<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
