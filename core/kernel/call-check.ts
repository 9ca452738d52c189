import { Invalid } from './errors.ts';

/** What is wrong with an argument, as the end of a sentence such as `needs a text as its name, not 7`. */
export type ArgumentCheck = (value: unknown, place: string) => string | undefined;

/** The arguments of calls by their dotted name: what each is called, and what it must be. */
export type CheckedCalls = Readonly<Record<string, readonly (readonly [place: string, check: ArgumentCheck])[]>>;

export const aFunction = needs('a function', (value) => typeof value === 'function');
export const aText = needs('a text', (value) => typeof value === 'string' && value !== '');
export const aTextOrNone = needs('a text', (value) => typeof value === 'string');
export const aPath = needs('a path that begins with /', (value) => typeof value === 'string' && value.startsWith('/'));
export const aDuration = needs('milliseconds above 0', (value) => typeof value === 'number' && value > 0);
export const anObject = needs('an object', isObject);
export const aService = needs('an object or a function', (value) => isObject(value) || typeof value === 'function');
export const aTransaction = needs('an open transaction', (value) => typeof value === 'function' && 'commit' in value);
export const aResource = needs(
  'a function or an object with a function dispose',
  (value) => typeof value === 'function' || (isObject(value) && typeof value['dispose'] === 'function'),
);

export function oneOf(...values: readonly string[]): ArgumentCheck {
  return needs(`one of ${values.join(', ')}`, (value) => typeof value === 'string' && values.includes(value));
}

export function optional(check: ArgumentCheck): ArgumentCheck {
  return (value, place) => (value === undefined ? undefined : check(value, place));
}

/** An object whose fields are what they must be; others may be there too. */
export function shape(fields: Readonly<Record<string, ArgumentCheck>>): ArgumentCheck {
  return objectWhose(() => Object.entries(fields));
}

/** An object whose every field is what it must be. */
export function mapOf(check: ArgumentCheck): ArgumentCheck {
  return objectWhose((value) => Object.keys(value).map((field) => [field, check] as const));
}

function objectWhose(checks: (value: Readonly<Record<string, unknown>>) => readonly (readonly [string, ArgumentCheck])[]): ArgumentCheck {
  return (value, place) => {
    if (!isObject(value)) return anObject(value, place);
    return firstOf(checks(value).map(([field, check]) => check(value[field], `${field} of ${place}`)));
  };
}

export function listOf(what: string, check: ArgumentCheck): ArgumentCheck {
  const isList = needs(`an array of ${what}`, Array.isArray);
  return (value, place) =>
    Array.isArray(value) ? firstOf(value.map((one: unknown, index) => check(one, `item ${index} of ${place}`))) : isList(value, place);
}

/**
 * The same object, whose calls refuse wrong arguments with one sentence that names the plugin, the call and what was
 * expected: types help only those who compile with them.
 */
export function withCheckedCalls<T extends object>(
  { plugin, onRefused }: { readonly plugin: string; readonly onRefused: (error: unknown) => void },
  context: T,
  calls: CheckedCalls,
): T {
  const copy: Record<string, unknown> = Object.fromEntries(Object.entries(context));
  for (const [name, checks] of Object.entries(calls)) {
    const [group = '', method] = name.split('.');
    const holder = method === undefined ? copy : (copy[group] = { ...(copy[group] as object) });
    const call = (holder as Record<string, unknown>)[method ?? group] as (...args: readonly unknown[]) => unknown;
    (holder as Record<string, unknown>)[method ?? group] = (...args: readonly unknown[]): unknown => {
      const problem = firstOf(checks.map(([place, check], index) => check(args[index], place)));
      if (problem === undefined) return call(...args);
      const error = new Invalid('plugins.wrong-call', { plugin, call: name, message: `${plugin}: ctx.${name} ${problem}.` });
      onRefused(error);
      throw error;
    };
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each call is the one that was there, with a check before it
  return copy as T;
}

function needs(what: string, is: (value: unknown) => boolean): ArgumentCheck {
  return (value, place) => (is(value) ? undefined : `needs ${what} as ${place}, not ${brief(value)}`);
}

function firstOf(problems: readonly (string | undefined)[]): string | undefined {
  return problems.find((problem) => problem !== undefined);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function brief(value: unknown): string {
  if (typeof value === 'string') return value === '' ? 'an empty text' : `"${value.slice(0, 40)}"`;
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
