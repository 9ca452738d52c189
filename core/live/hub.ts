export type Listener = (topics: readonly string[]) => void;

/**
 * Tells open pages that something changed. Only topic names travel, never content: a page that
 * shows the topic fetches it again with its own rights.
 */
export class LiveHub {
  private readonly listeners = new Set<Listener>();

  announce(topics: readonly string[]): void {
    for (const listener of this.listeners) listener(topics);
  }

  /** Hears every topic until the returned function is called. */
  subscribe(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  get size(): number {
    return this.listeners.size;
  }
}
