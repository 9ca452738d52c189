import type { Timestamp } from '../kernel/clock.ts';

interface LocalTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
}

/** The calendar and the clock on the wall of a time zone. */
export function localTimeOf(at: Timestamp, timeZone: string): LocalTime & { readonly weekday: number } {
  const format = formatOf(timeZone);
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = parts;
  return { year, month, day, hour, minute, weekday: new Date(Date.UTC(year, month - 1, day)).getUTCDay() };
}

/** The moment at which a clock on the wall of the zone shows this; a day past the end of the month runs into the next. */
export function momentOf({ year, month, day, hour, minute }: LocalTime, timeZone: string): Timestamp {
  const wanted = Date.UTC(year, month - 1, day, hour, minute);
  // The offset at the guess may differ from the one at the result, so it is looked up twice.
  const first = wanted - offsetAt(wanted, timeZone);
  return wanted - offsetAt(first, timeZone);
}

function offsetAt(at: Timestamp, timeZone: string): number {
  const { year, month, day, hour, minute } = localTimeOf(at, timeZone);
  return Date.UTC(year, month - 1, day, hour, minute) - Math.floor(at / 60_000) * 60_000;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  formats.set(timeZone, made);
  return made;
}
