import { fold } from '../i18n/index.ts';

interface Named {
  readonly id: number;
  readonly name: string;
}

/** Who a note mentions: `@` with the whole name, or with a first name that only one of them has. */
export function mentionedIn(text: string, people: readonly Named[]): readonly number[] {
  if (!text.includes('@')) return [];
  const folded = fold(text);
  const firstNames = people.map(({ name }) => firstNameOf(name));
  return people
    .filter(({ name }) => {
      const first = firstNameOf(name);
      const isOnlyOne = firstNames.filter((one) => one === first).length === 1;
      return mentions(folded, fold(name)) || (isOnlyOne && mentions(folded, first));
    })
    .map(({ id }) => id);
}

function firstNameOf(name: string): string {
  return fold(name.split(/\s+/)[0] ?? name);
}

function mentions(folded: string, name: string): boolean {
  if (name === '') return false;
  for (let at = folded.indexOf(`@${name}`); at !== -1; at = folded.indexOf(`@${name}`, at + 1)) {
    const [before, after] = [folded[at - 1] ?? ' ', folded[at + 1 + name.length] ?? ' '];
    // An address such as can@example.com is no mention.
    if (!/[\p{L}\p{N}]/u.test(before) && !/[\p{L}\p{N}]/u.test(after)) return true;
  }
  return false;
}
