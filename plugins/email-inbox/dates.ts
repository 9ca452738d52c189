const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const zones: ReadonlyMap<string, number> = new Map([
  ['ut', 0],
  ['gmt', 0],
  ['utc', 0],
  ['z', 0],
  ['est', -300],
  ['edt', -240],
  ['cst', -360],
  ['cdt', -300],
  ['mst', -420],
  ['mdt', -360],
  ['pst', -480],
  ['pdt', -420],
  ['bst', 60],
  ['cet', 60],
  ['cest', 120],
  ['eet', 120],
  ['eest', 180],
  ['jst', 540],
]);
const shape =
  /^(?:[a-z]{2,9}\.?,?\s+)?(\d{1,2})[\s-]+([a-z]{3,9})\.?[\s-]+(\d{2,4}),?\s+(\d{1,2})\s*[:.]\s*(\d{2})(?:\s*[:.]\s*(\d{2}))?\s*([+-]\d{4}|[+-]\d{2}:\d{2}|[a-z]{1,5})?/i;

/** Reads a Date header (RFC 5322 section 3.3, with the obsolete zones and two-digit years); undefined when it is no date. */
export function readDate(value: string | undefined): Date | undefined {
  const text = (value ?? '').slice(0, 200).replace(/\s+/g, ' ').trim();
  const match = shape.exec(text);
  if (!match) return isoDate(text);
  const [, day, month = '', yearText = '', hour, minute, second, zone] = match;
  const monthIndex = months.indexOf(month.slice(0, 3).toLowerCase());
  const time = Date.UTC(fullYear(yearText), monthIndex, Number(day), Number(hour), Number(minute), Number(second ?? 0));
  if (monthIndex < 0 || Number.isNaN(time) || Number(hour) > 24 || Number(minute) > 59) return undefined;
  return new Date(time - offsetMinutes(zone) * 60_000);
}

function isoDate(text: string): Date | undefined {
  if (!/^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/.test(text)) return undefined;
  const iso = text.replace(' ', 'T').replace(/\s/g, '');
  const date = new Date(/(?:Z|[+-]\d{2}:?\d{2})$/.test(iso) ? iso : `${iso}Z`);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function fullYear(text: string): number {
  const year = Number(text);
  if (text.length > 3) return year;
  return year < 50 ? year + 2000 : year + 1900;
}

function offsetMinutes(zone: string | undefined): number {
  const signed = /^([+-])(\d{2}):?(\d{2})$/.exec(zone ?? '');
  if (signed) return (signed[1] === '-' ? -1 : 1) * (Number(signed[2]) * 60 + Number(signed[3]));
  return zones.get((zone ?? '').toLowerCase()) ?? 0;
}
