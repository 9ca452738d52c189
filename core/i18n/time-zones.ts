/** Every time zone this runtime knows, for a select. */
export function timeZoneOptions(selected: string): readonly { value: string; label: string; selected: boolean }[] {
  return ['UTC', ...Intl.supportedValuesOf('timeZone')].map((value) => ({
    value,
    label: value.replaceAll('_', ' '),
    selected: value === selected,
  }));
}

/** Whether the runtime knows a time zone. */
export function isTimeZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }) instanceof Intl.DateTimeFormat;
  } catch {
    return false;
  }
}
