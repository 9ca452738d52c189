/*
 * Printing is synchronous, so a template that includes itself or loops in loops would hold the whole process.
 * These bounds are far above what any page needs; what reaches them is a fault of its template.
 */
const maxDepth = 60;
const maxLoops = 200_000;

interface Spent {
  depth: number;
  loops: number;
}

let current: Spent = { depth: 0, loops: 0 };

/** Runs one print with fresh bounds. */
export function bounded(print: () => string): string {
  const before = current;
  current = { depth: 0, loops: 0 };
  try {
    return print();
  } finally {
    current = before;
  }
}

/** Runs a partial. @throws RangeError when partials include each other too deeply. */
export function within(name: string, print: () => string): string {
  if (current.depth >= maxDepth) throw new RangeError(`${name} is included ${maxDepth} levels deep; a partial includes itself.`);
  current.depth++;
  try {
    return print();
  } finally {
    current.depth--;
  }
}

/** Counts one turn of a loop. @throws RangeError after more turns than a page can need. */
export function spendLoop(): void {
  if (++current.loops > maxLoops) throw new RangeError(`A page went through more than ${maxLoops} turns of its loops.`);
}
