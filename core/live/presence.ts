import type { Timestamp } from '../kernel/clock.ts';

export interface Present {
  readonly userId: number;
  readonly name: string;
  readonly doing: 'viewing' | 'replying';
}

const goneMs = 40_000;

/** Who has which ticket open in this process. A browser tells it every 15 seconds; after 40 silent ones it is gone. */
export class Presence {
  private readonly tickets = new Map<number, Map<number, Present & { readonly at: Timestamp }>>();

  /** Notes a heartbeat; true when others see something new. */
  beat(number: number, present: Present, now: Timestamp): boolean {
    this.forget(now);
    const people = this.tickets.get(number) ?? new Map<number, Present & { readonly at: Timestamp }>();
    const before = people.get(present.userId);
    people.set(present.userId, { ...present, at: now });
    this.tickets.set(number, people);
    return before?.doing !== present.doing;
  }

  of(number: number, now: Timestamp): readonly Present[] {
    return [...(this.tickets.get(number)?.values() ?? [])].filter(({ at }) => now - at < goneMs);
  }

  private forget(now: Timestamp): void {
    for (const [number, people] of this.tickets) {
      for (const [userId, { at }] of people) if (now - at >= goneMs) people.delete(userId);
      if (people.size === 0) this.tickets.delete(number);
    }
  }
}
