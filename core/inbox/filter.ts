import { Invalid } from '../kernel/errors.ts';

/** One condition of a filter: `assignee:me`, `-tag:billing`, or a bare word to search for. */
export interface Condition {
  readonly key: FilterKey | 'text';
  readonly value: string;
  readonly isNegated: boolean;
}

export const filterKeys = [
  'is',
  'in',
  'assignee',
  'requester',
  'status',
  'priority',
  'tag',
  'mailbox',
  'channel',
  'organization',
  'follower',
  'created',
  'updated',
] as const;
export type FilterKey = (typeof filterKeys)[number];

/**
 * Reads the filter language: `key:value` conditions joined by spaces, all of which must hold; a value
 * with spaces stands in double quotes, a minus negates, other words search the text.
 *
 * @throws Invalid `inbox.unknown-filter` naming the key it does not know.
 */
export function parseFilter(text: string): readonly Condition[] {
  const conditions: Condition[] = [];
  for (const [, minus, key, quoted, bare] of text.slice(0, 1000).matchAll(/(-?)(?:([a-z]+):)?(?:"([^"]*)"|(\S+))/g)) {
    const value = quoted ?? bare ?? '';
    if (key === undefined) conditions.push({ key: 'text', value: `${minus ?? ''}${value}`, isNegated: false });
    else {
      const known = filterKeys.find((one) => one === key);
      if (known === undefined) throw new Invalid('inbox.unknown-filter', { filter: key, known: filterKeys.join(', ') });
      conditions.push({ key: known, value, isNegated: minus === '-' });
    }
  }
  return conditions;
}

/** The filter as text that parses to the same conditions. */
export function printFilter(conditions: readonly Condition[]): string {
  return conditions
    .map(({ key, value, isNegated }) =>
      key === 'text' ? value : `${isNegated ? '-' : ''}${key}:${/\s/.test(value) ? `"${value}"` : value}`,
    )
    .join(' ');
}
