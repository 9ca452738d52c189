/** What a command returned, for people: texts as they are, a list as a table, an object as lines. */
export function printed(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (Array.isArray(value)) return value.every(isRecord) ? table(value) : lines(value.map(cell));
  if (isRecord(value) && Object.keys(value).length === 1 && Object.values(value).every(Array.isArray))
    return printed(Object.values(value)[0]);
  if (typeof value === 'string') return `${value}\n`;
  return isRecord(value) ? lines(Object.entries(value).map(([key, one]) => `${key}: ${cell(one)}`)) : `${cell(value)}\n`;
}

function table(rows: readonly Readonly<Record<string, unknown>>[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  if (columns.length === 0) return '';
  const cells = [columns, ...rows.map((row) => columns.map((column) => cell(row[column])))];
  const widths = columns.map((_column, index) => Math.min(60, Math.max(...cells.map((row) => row[index]?.length ?? 0))));
  return lines(
    cells.map((row) =>
      row
        .map((text, index) => text.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    ),
  );
}

/** A value on one line. */
export function cell(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value.replaceAll(/\s+/g, ' ') : JSON.stringify(value);
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
