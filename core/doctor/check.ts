import type { Desk } from '../desk.ts';

/** The parts of a desk that are looked at; a backup has no more than these. */
export type Examined = Pick<Desk, 'storage' | 'files' | 'clock'>;

/** One thing that must always hold. What it returns are the cases where it does not, each a short text such as `ticket 12`. */
export interface Check {
  /** Stable, such as `tickets.empty`. */
  readonly id: string;
  /** One sentence: what is wrong when there are cases. */
  readonly claim: string;
  run(desk: Examined): Promise<readonly string[]>;
}

/** Short texts of ids. */
export function each(thing: string, ids: readonly (number | string)[]): readonly string[] {
  return ids.map((id) => `${thing} ${id}`);
}
