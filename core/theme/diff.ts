/** A line of a comparison: only in the first text, only in the second, or in both. */
export interface DiffLine {
  readonly kind: 'removed' | 'added' | 'same';
  readonly text: string;
}

/** What must be removed from and added to one text to make the other, line by line, with the fewest changes. */
export function diffLines(from: string, to: string): readonly DiffLine[] {
  const [a, b] = [from.split('\n'), to.split('\n')];
  // longest[i][j]: how many lines the ends of both texts from i and j on have in common.
  const longest = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--) {
      const row = longest[i];
      if (row === undefined) continue;
      row[j] = a[i] === b[j] ? at(longest, i + 1, j + 1) + 1 : Math.max(at(longest, i + 1, j), at(longest, i, j + 1));
    }
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ kind: 'same', text: a[i] ?? '' });
      i++;
      j++;
    } else if (j >= b.length || (i < a.length && at(longest, i + 1, j) >= at(longest, i, j + 1)))
      lines.push({ kind: 'removed', text: a[i++] ?? '' });
    else lines.push({ kind: 'added', text: b[j++] ?? '' });
  }
  return lines;
}

function at(table: readonly Uint32Array[], i: number, j: number): number {
  return table[i]?.[j] ?? 0;
}
