import { claimsOf, type Outcome } from './corpus.ts';

/** One line of the table: what is counted, how much of it must hold, and what was reached. */
export interface Bar {
  readonly what: string;
  readonly reached: number;
  readonly total: number;
  /** At least this many of `total`. */
  readonly needed: number;
}

const share = (total: number, least: number): number => Math.ceil(total * least - 1e-9);

function bar(what: string, holding: readonly boolean[], least: number): Bar {
  return { what, reached: holding.filter(Boolean).length, total: holding.length, needed: share(holding.length, least) };
}

const held =
  (...keys: readonly string[]) =>
  ({ complaints }: Outcome): boolean =>
    !complaints.some(({ key }) => key === 'threw' || keys.includes(key));

const whole = (outcomes: readonly Outcome[], least: number): Bar =>
  bar(
    'items with every key',
    outcomes.map(({ complaints }) => complaints.length === 0),
    least,
  );

/** A key without a check would count as held, so it is counted apart and none may be left. */
const known = (outcomes: readonly Outcome[]): Bar =>
  bar(
    'items with known keys only',
    outcomes.map(({ complaints }) => !complaints.some(({ text }) => text === 'no check knows this key')),
    1,
  );

/** The bars of each folder (mail.md sections 4, 5, 8 and 10). */
export const bars: Readonly<Record<string, (outcomes: readonly Outcome[]) => readonly Bar[]>> = {
  'auto-replies': (outcomes) => [
    known(outcomes),
    bar('kind', outcomes.map(held('kind')), 51 / 52),
    bar('may answer', outcomes.map(held('may_auto_reply')), 51 / 52),
    bar(
      'people taken for people',
      outcomes.filter(({ item }) => item.expect['kind'] === 'human').map(held('kind', 'may_auto_reply', 'is_auto_reply', 'is_bounce')),
      1,
    ),
    // Three items hold what their source made up or took from another mail.
    whole(outcomes, 49 / 52),
  ],
  bounces: (outcomes) => {
    const named = outcomes.filter(({ item }) => item.expect['recipients'] !== undefined);
    const byField = ({ item }: Outcome): boolean =>
      (item.expect['hints'] as { readonly final_recipient_header?: boolean } | undefined)?.final_recipient_header === true;
    return [
      known(outcomes),
      bar('bounce or not', outcomes.map(held('is_bounce')), 100 / 105),
      bar('recipients that a standard field names', named.filter(byField).map(held('recipients')), 0.95),
      bar('recipients named elsewhere', named.filter((outcome) => !byField(outcome)).map(held('recipients')), 0.85),
      bar('taken for an auto-reply or not', outcomes.map(held('is_auto_reply')), 1),
      whole(outcomes, 0.85),
    ];
  },
  hostile: (outcomes) => [known(outcomes), whole(outcomes, 1)],
  mime: (outcomes) => {
    const facts = outcomes.flatMap((outcome) => {
      const soft = softKeys(outcome.item.expect['soft']);
      return claimsOf(outcome.item)
        .filter((key) => key !== 'no_crash' && !soft.has(key))
        .map((key) => held(key)(outcome));
    });
    return [
      known(outcomes),
      bar('facts not marked soft', facts, 0.99),
      bar('read without a crash, within a second', outcomes.map(quick(1000, 'no_crash')), 1),
      whole(outcomes, 0.97),
    ];
  },
  'reply-trimming': (outcomes) => [
    known(outcomes),
    whole(outcomes, 0.92),
    bar(
      "lost no more than a tenth of the sender's words",
      outcomes.filter(({ lost }) => lost !== undefined).map(({ lost }) => (lost ?? 0) <= 0.1),
      1,
    ),
    bar('within 250 ms', outcomes.map(quick(250, 'max_ms')), 1),
  ],
};

function quick(limit: number, key: string): (outcome: Outcome) => boolean {
  return (outcome) => outcome.milliseconds <= limit && held(key)(outcome);
}

const softNames: Readonly<Record<string, readonly string[]>> = {
  att_bytes: ['attachments'],
  att_name: ['attachments'],
  att_count: ['attachment_count'],
  text: ['text', 'text_contains'],
  html: ['html', 'html_contains'],
};

/** The keys in which the source of an item follows a convention of its own. */
function softKeys(soft: unknown): ReadonlySet<string> {
  return new Set(Array.isArray(soft) ? soft.map(String).flatMap((name) => softNames[name] ?? [name]) : []);
}
