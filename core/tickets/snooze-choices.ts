import { localTimeOf, momentOf } from '../i18n/index.ts';
import type { Timestamp } from '../kernel/clock.ts';
import type { TicketHeadView } from './views.ts';

const morning = 9;
const hour = 3_600_000;

/** Ready-made moments on the agent's own clock. */
export function snoozeChoices(now: Timestamp, timeZone: string): TicketHeadView['snoozeChoices'] {
  const local = localTimeOf(now, timeZone);
  const inDays = (days: number): Timestamp => momentOf({ ...local, day: local.day + days, hour: morning, minute: 0 }, timeZone);
  const choices: readonly (readonly [string, Timestamp])[] = [
    ...(local.hour < 19 ? [['ticket.snooze.later-today', now + 3 * hour] as const] : []),
    ['ticket.snooze.tomorrow', inDays(1)],
    ['ticket.snooze.monday', inDays((8 - local.weekday) % 7 || 7)],
    ['ticket.snooze.week', inDays(7)],
  ];
  return choices.map(([key, at]) => ({ label: { key }, value: new Date(at).toISOString(), at }));
}

/** A moment from a form: an instant, or what a date field holds, which is meant on the agent's clock. Null: none. */
export function snoozeMoment(text: string, timeZone: string): Timestamp | null {
  if (text === '') return null;
  const [, year, month, day, hours, minutes] = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})$/.exec(text) ?? [];
  if (year === undefined) return Date.parse(text);
  return momentOf({ year: Number(year), month: Number(month), day: Number(day), hour: Number(hours), minute: Number(minutes) }, timeZone);
}
