// The part of semantic versioning that manifests use: exact, ^, ~, comparators, x-ranges, `||` and `*`.

export interface Version {
  readonly numbers: readonly [number, number, number];
  readonly prerelease: readonly string[];
}

interface Comparator {
  readonly operator: '<' | '<=' | '>' | '>=' | '=';
  readonly version: Version;
}

const versionPattern = /^v?(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/;
const termPattern = /^(\^|~|<=|>=|<|>|=)?v?(\d+|[x*])(?:\.(\d+|[x*]))?(?:\.(\d+|[x*]))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/i;

export function parseVersion(text: string): Version | undefined {
  const found = versionPattern.exec(text.trim());
  if (found === null) return undefined;
  const [, major, minor, patch, prerelease] = found;
  return { numbers: [Number(major), Number(minor), Number(patch)], prerelease: prerelease?.split('.') ?? [] };
}

/** Whether `version` lies in `range`; a range or version that makes no sense matches nothing. */
export function satisfies(version: string, range: string): boolean {
  const parsed = parseVersion(version);
  const alternatives = parseRange(range);
  if (parsed === undefined || alternatives === undefined) return false;
  return alternatives.some((all) => all.every((one) => holds(parsed, one)) && mayBePrerelease(parsed, all));
}

export function isRange(range: string): boolean {
  return parseRange(range) !== undefined;
}

export function compareVersions(a: Version, b: Version): number {
  for (const index of [0, 1, 2] as const) {
    const difference = a.numbers[index] - b.numbers[index];
    if (difference !== 0) return difference;
  }
  return comparePrereleases(a.prerelease, b.prerelease);
}

function parseRange(range: string): readonly (readonly Comparator[])[] | undefined {
  const alternatives = range.split('||').map((part) => parseAll(part.trim()));
  return alternatives.every((one) => one !== undefined) ? alternatives : undefined;
}

function parseAll(part: string): readonly Comparator[] | undefined {
  if (part === '') return undefined;
  const terms = part.replaceAll(/([<>=^~])\s+/g, '$1').split(/\s+/);
  const comparators = terms.map(parseTerm);
  return comparators.every((one) => one !== undefined) ? comparators.flat() : undefined;
}

function parseTerm(term: string): readonly Comparator[] | undefined {
  const found = termPattern.exec(term);
  if (found === null) return undefined;
  const [, operator = '', ...parts] = found;
  const given = parts.slice(0, 3).map((part) => (part === undefined || /^[x*]$/i.test(part) ? undefined : Number(part)));
  const known = given.includes(undefined) ? given.indexOf(undefined) : 3;
  const [major = 0, minor = 0, patch = 0] = given.slice(0, known);
  const low: Version = { numbers: [major, minor, patch], prerelease: known === 3 ? (parts[3]?.split('.') ?? []) : [] };
  if (known === 0) return operator === '<' || operator === '>' ? undefined : [];

  switch (operator) {
    case '^':
      return between(low, bump(low, Math.min(caretPlace(low), known - 1)));
    case '~':
      return between(low, bump(low, Math.min(1, known - 1)));
    case '>':
      return known === 3 ? [{ operator: '>', version: low }] : [{ operator: '>=', version: bump(low, known - 1) }];
    case '<=':
      return known === 3 ? [{ operator: '<=', version: low }] : [{ operator: '<', version: bump(low, known - 1) }];
    case '<':
      return [{ operator: '<', version: low }];
    case '>=':
      return [{ operator: '>=', version: low }];
    default:
      return known === 3 ? [{ operator: '=', version: low }] : between(low, bump(low, known - 1));
  }
}

// ^0.2.3 stays below 0.3.0 and ^0.0.3 below 0.0.4: the first number that is not zero may not change.
function caretPlace({ numbers }: Version): number {
  const place = numbers.findIndex((number) => number > 0);
  return place === -1 ? 2 : place;
}

function between(low: Version, high: Version): readonly Comparator[] {
  return [
    { operator: '>=', version: low },
    { operator: '<', version: high },
  ];
}

function bump({ numbers }: Version, place: number): Version {
  const [major, minor, patch] = numbers;
  const bumped = [[major + 1, 0, 0] as const, [major, minor + 1, 0] as const, [major, minor, patch + 1] as const][place];
  return { numbers: bumped ?? numbers, prerelease: [] };
}

function holds(version: Version, { operator, version: limit }: Comparator): boolean {
  const order = compareVersions(version, limit);
  switch (operator) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
    case '=':
      return order === 0;
  }
}

// 2.0.0-beta is below 2.0.0 but nobody who wrote ^1.0.0 meant it: a pre-release must be named.
function mayBePrerelease(version: Version, comparators: readonly Comparator[]): boolean {
  if (version.prerelease.length === 0) return true;
  return comparators.some(
    ({ version: one }) => one.prerelease.length > 0 && one.numbers.every((number, index) => number === version.numbers[index]),
  );
}

function comparePrereleases(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return b.length - a.length;
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const [x, y] = [a[index], b[index]];
    if (x === undefined) return -1;
    if (y === undefined) return 1;
    const order = comparePart(x, y);
    if (order !== 0) return order;
  }
  return 0;
}

function comparePart(x: string, y: string): number {
  const [isXNumber, isYNumber] = [/^\d+$/.test(x), /^\d+$/.test(y)];
  if (isXNumber && isYNumber) return Number(x) - Number(y);
  if (isXNumber !== isYNumber) return isXNumber ? -1 : 1;
  return x < y ? -1 : Number(x > y);
}
