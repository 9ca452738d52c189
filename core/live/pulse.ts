import { eventsAfter, eventsOfIds, ticketsChangedAfter, undecidedMs, type RecordedEvent } from '../events/index.ts';
import type { Timestamp } from '../kernel/clock.ts';
import type { Desk } from '../desk.ts';
import { ticketNumbers } from '../tickets/index.ts';

/** What open pages may be told: which tickets changed, or any other topic as it was announced. */
export interface Beat {
  readonly tickets: readonly { readonly id: number; readonly number: number }[];
  readonly topics: readonly string[];
  /** The newest event that is covered, for `Last-Event-ID`. */
  readonly lastEventId: number;
}

type Listener = (beat: Beat) => void;

const gatherMs = 50;
const pollMs = 1000;
const maxEvents = 500;
const maxKnown = 5000;
const lookedBack = 200;

/**
 * Gathers what happened in this process and, once a second, what others wrote to the event table, and
 * tells open pages once. It works only while somebody listens.
 */
export class Pulse {
  private readonly desk: Desk;
  private readonly listeners = new Set<Listener>();
  private readonly numbers = new Map<number, number>();
  /** Events of this process that the table will show again, by ticket. */
  private readonly own = new Map<number, number>();
  /** Ids that were passed over, and when: PostgreSQL gives them out before it commits what they name. */
  private readonly gaps = new Map<number, Timestamp>();
  private readonly pending = { ids: new Set<number>(), topics: new Set<string>() };
  private leave: (() => void) | undefined;
  private poll: NodeJS.Timeout | undefined;
  private gathering: NodeJS.Timeout | undefined;
  private isPolling = false;
  private lastEventId = 0;
  private lastNotificationId = 0;

  constructor(desk: Desk) {
    this.desk = desk;
  }

  async listen(listener: Listener): Promise<() => void> {
    this.listeners.add(listener);
    if (this.listeners.size === 1) await this.start();
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) this.stop();
    };
  }

  /** Tickets that changed after an event, for a page that was away or has only just opened; of very many the newest. */
  async since(eventId: number): Promise<Beat> {
    const changed = await ticketsChangedAfter(this.desk.storage.read, eventId, maxEvents);
    const tickets = await this.numbersOf(changed.map(({ ticketId }) => ticketId));
    return { tickets, topics: [], lastEventId: changed[0]?.eventId ?? eventId };
  }

  private async start(): Promise<void> {
    this.leave = this.desk.live.subscribe((topics) => this.hear(topics));
    const [event, notification] = await Promise.all([
      this.desk.storage.read('events').orderBy('id', 'desc').offset(lookedBack).first('id'),
      this.desk.storage.read('notifications').max({ id: 'id' }).first(),
    ]);
    // Over the newest once more: what is missing between them may still be committed.
    this.lastEventId = Number(event?.id ?? 0);
    this.lastNotificationId = Number(notification?.id ?? 0);
    for (const { ticketId } of await this.newEvents()) this.takeOwn(ticketId);
    if (this.listeners.size === 0) return;
    this.poll ??= setInterval(() => {
      if (this.isPolling) return;
      this.isPolling = true;
      this.look()
        .catch((error: unknown) => this.desk.log.warn('Live news could not be read.', { error }))
        .finally(() => (this.isPolling = false));
    }, pollMs);
    this.poll.unref();
  }

  private stop(): void {
    this.leave?.();
    clearInterval(this.poll);
    clearTimeout(this.gathering);
    this.leave = this.poll = this.gathering = undefined;
    this.own.clear();
    this.gaps.clear();
    this.pending.ids.clear();
    this.pending.topics.clear();
  }

  private hear(topics: readonly string[]): void {
    const isEvent = topics.includes('tickets');
    for (const topic of topics) {
      const id = Number(/^ticket:(\d+)$/.exec(topic)?.[1]);
      if (Number.isSafeInteger(id)) {
        this.pending.ids.add(id);
        if (isEvent) this.own.set(id, (this.own.get(id) ?? 0) + 1);
      } else if (topic !== 'tickets') this.pending.topics.add(topic);
    }
    this.gather();
  }

  private async look(): Promise<void> {
    const { read } = this.desk.storage;
    for (const { ticketId } of await this.newEvents()) if (ticketId !== null && !this.takeOwn(ticketId)) this.pending.ids.add(ticketId);
    const notices: { id: number; user_id: number }[] = await read('notifications')
      .where('id', '>', this.lastNotificationId)
      .orderBy('id')
      .limit(maxEvents)
      .select('id', 'user_id');
    this.lastNotificationId = notices.at(-1)?.id ?? this.lastNotificationId;
    for (const { user_id } of notices) this.pending.topics.add(`user:${user_id}`);
    if (this.pending.ids.size + this.pending.topics.size > 0) this.gather();
  }

  /** Whether an event in the table is one that this process was told of already, and takes it off the list of those. */
  private takeOwn(ticketId: number | null): boolean {
    const ours = ticketId === null ? 0 : (this.own.get(ticketId) ?? 0);
    if (ticketId !== null && ours > 0) this.own.set(ticketId, ours - 1);
    return ours > 0;
  }

  private async newEvents(): Promise<readonly RecordedEvent[]> {
    const { storage, clock } = this.desk;
    const late = this.gaps.size === 0 ? [] : await eventsOfIds(storage.read, [...this.gaps.keys()]);
    const events = await eventsAfter(storage.read, this.lastEventId, maxEvents);
    const now = clock.now();
    for (const { id } of late) this.gaps.delete(id);
    for (const [id, since] of this.gaps) if (now - since > undecidedMs) this.gaps.delete(id);
    for (const { id } of events) {
      // Before the first there is none: whoever begins at 0 has read nothing yet.
      if (this.lastEventId > 0) this.notePassed(Math.max(this.lastEventId + 1, id - maxEvents), id, now);
      this.lastEventId = id;
    }
    return [...late, ...events];
  }

  private notePassed(from: number, to: number, now: Timestamp): void {
    for (let gap = from; gap < to; gap += 1) this.gaps.set(gap, now);
    for (const oldest of this.gaps.keys()) {
      if (this.gaps.size <= maxEvents) return;
      this.gaps.delete(oldest);
    }
  }

  private gather(): void {
    this.gathering ??= setTimeout(() => {
      this.gathering = undefined;
      void this.tell();
    }, gatherMs).unref();
  }

  private async tell(): Promise<void> {
    const ids = [...this.pending.ids];
    const topics = [...this.pending.topics];
    this.pending.ids.clear();
    this.pending.topics.clear();
    try {
      const beat: Beat = { tickets: await this.numbersOf(ids), topics, lastEventId: this.lastEventId };
      for (const listener of this.listeners) listener(beat);
    } catch (error) {
      this.desk.log.warn('Live news could not be told.', { error });
    }
  }

  private async numbersOf(ids: readonly number[]): Promise<Beat['tickets']> {
    const unique = [...new Set(ids)];
    const unknown = unique.filter((id) => !this.numbers.has(id));
    if (unknown.length > 0) {
      if (this.numbers.size > maxKnown) this.numbers.clear();
      for (const [id, number] of await ticketNumbers(this.desk.storage.read, unknown)) this.numbers.set(id, number);
    }
    return unique.flatMap((id) => {
      const number = this.numbers.get(id);
      return number === undefined ? [] : [{ id, number }];
    });
  }
}
