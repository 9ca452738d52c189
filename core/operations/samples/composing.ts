import type { Status } from '../../tickets/index.ts';
import type { SampleMessage, SampleTicket } from './bulk-writing.ts';
import type { Chance } from './random.ts';
import { notes, stories } from './stories.ts';

export interface Cast {
  readonly customers: readonly [SampleTicket['requester'], ...SampleTicket['requester'][]];
  readonly agentIds: readonly [number, ...number[]];
  readonly statuses: Readonly<Record<Status['category'], Status>>;
  readonly tagIds: ReadonlyMap<string, number>;
  readonly file?: { readonly id: number; readonly name: string } | undefined;
}

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** A believable ticket that was opened at `at`: the older it is, the likelier it is solved. */
export function composeTicket(chance: Chance, cast: Cast, { at, now }: { readonly at: number; readonly now: number }): SampleTicket {
  const story = chance.pick(stories);
  const order = String(chance.between(10_200, 98_700));
  const say = (texts: readonly [string, ...string[]]): string => chance.pick(texts).replaceAll('{n}', order);
  const requester = chance.pick(cast.customers, 1.4);
  const agentId = chance.pick(cast.agentIds, 1.3);
  const isOld = now - at > 4 * dayMs;
  const isSpam = chance.in(0.02);
  const turns = isSpam ? 0 : isOld ? chance.between(1, 3) : chance.between(0, 2);
  const messages: SampleMessage[] = [
    {
      kind: 'reply',
      direction: 'in',
      authorId: requester.id,
      text: say(story.opening),
      at,
      ...(cast.file !== undefined && chance.in(0.05) ? { file: cast.file } : {}),
    },
  ];
  let clock = at;
  const later = (low: number, high: number): number => (clock = Math.min(now, clock + chance.between(low, high) * minuteMs));
  if (turns > 0 && chance.in(0.2)) messages.push({ kind: 'note', direction: 'out', authorId: agentId, text: say(notes), at: later(5, 90) });
  for (let turn = 0; turn < turns; turn += 1) {
    const isDesk = turn % 2 === 0;
    messages.push({
      kind: 'reply',
      direction: isDesk ? 'out' : 'in',
      authorId: isDesk ? agentId : requester.id,
      text: say(isDesk ? story.answer : story.thanks),
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
    subject: say(story.subjects),
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
