import type { Status } from '../../tickets/index.ts';
import type { SampleMessage, SampleTicket } from './bulk-writing.ts';
import type { Chance } from './random.ts';
import { notes, stories, type Story } from './stories.ts';

type Customer = SampleTicket['requester'] & { readonly locale: 'en' | 'tr' };

export interface Cast {
  readonly customers: readonly [Customer, ...Customer[]];
  readonly agentIds: readonly [number, ...number[]];
  readonly statuses: Readonly<Record<Status['category'], Status>>;
  readonly tagIds: ReadonlyMap<string, number>;
  readonly file?: { readonly id: number; readonly name: string } | undefined;
}

const minuteMs = 60_000;
const dayMs = 86_400_000;

const storiesIn: Readonly<Record<Story['locale'], readonly [Story, ...Story[]]>> = { en: inLocale('en'), tr: inLocale('tr') };

/** A believable ticket that was opened at `at`: the older it is, the likelier it is solved. */
export function composeTicket(chance: Chance, cast: Cast, { at, now }: { readonly at: number; readonly now: number }): SampleTicket {
  const order = String(chance.between(10_200, 98_700));
  const say = (texts: readonly [string, ...string[]]): string => chance.pick(texts).replaceAll('{n}', order);
  const strand = chance.between(0, 1);
  const follow = (texts: readonly [string, ...string[]]): string => (texts[strand] ?? texts[0]).replaceAll('{n}', order);
  const requester = chance.pick(cast.customers, 1.4);
  const story = chance.pick(storiesIn[requester.locale]);
  const agentId = chance.pick(cast.agentIds, 1.3);
  const isOld = now - at > 4 * dayMs;
  const isSpam = chance.in(0.02);
  const turns = isSpam ? 0 : isOld ? chance.between(1, 3) : chance.between(0, 2);
  const messages: SampleMessage[] = [
    {
      kind: 'reply',
      direction: 'in',
      authorId: requester.id,
      text: follow(story.opening),
      at,
      ...(cast.file !== undefined && chance.in(0.05) ? { file: cast.file } : {}),
    },
  ];
  let clock = at;
  const later = (low: number, high: number): number =>
    (clock += Math.min(chance.between(low, high) * minuteMs, Math.floor((now - clock) * (0.3 + 0.4 * chance.next()))));
  if (turns > 0 && chance.in(0.2)) messages.push({ kind: 'note', direction: 'out', authorId: agentId, text: say(notes), at: later(5, 90) });
  for (let turn = 0; turn < turns; turn += 1) {
    const isDesk = turn % 2 === 0;
    messages.push({
      kind: 'reply',
      direction: isDesk ? 'out' : 'in',
      authorId: isDesk ? agentId : requester.id,
      text: follow(isDesk ? story.answer : story.thanks),
      at: later(15, 1400),
    });
  }
  const category: Status['category'] =
    turns === 0
      ? 'open'
      : isOld
        ? chance.in(0.85)
          ? chance.pick(['solved', 'closed'] as const)
          : 'waiting'
        : turns === 1
          ? 'waiting'
          : 'open';
  const isSnoozed = category === 'waiting' && chance.in(0.15);
  const tagId = cast.tagIds.get(story.tag);
  return {
    subject: (strand === 1 ? story.subjects[2] : chance.pick([story.subjects[0], story.subjects[1]])).replaceAll('{n}', order),
    requester,
    status: cast.statuses[category],
    place: isSpam ? 'spam' : 'desk',
    priority: chance.pick(['normal', 'normal', 'normal', 'normal', 'high', 'low', 'urgent'], 1.2),
    channel: chance.pick(['email', 'email', 'portal', 'phone']),
    assigneeId: turns === 0 && chance.in(0.7) ? null : agentId,
    locale: story.locale,
    snoozedUntil: isSnoozed ? now + chance.between(1, 5) * dayMs : null,
    tagIds: tagId !== undefined && chance.in(0.8) ? [tagId] : [],
    messages,
  };
}

function inLocale(locale: Story['locale']): readonly [Story, ...Story[]] {
  const [first, ...others] = stories.filter((story) => story.locale === locale);
  if (first === undefined) throw new Error(`The sample data has no stories in "${locale}".`);
  return [first, ...others];
}
