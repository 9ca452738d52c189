interface News {
  readonly topics: readonly string[];
  /** The newest event they cover. */
  readonly eventId: string;
}

/*
 * One event stream per browser: the tab that holds the lock keeps it open and passes topics on to
 * the others, because HTTP/1.1 allows about six connections per host. A topic carries no content;
 * the element that shows it fetches again (`hx-trigger="ticket:42 from:body"`). The stream begins
 * after the newest event that the page shows, so that nothing in between is lost.
 */
const lockName = 'helpdesk-live';
const patience = 5_000;

export class HdLive extends HTMLElement {
  #channel: BroadcastChannel | undefined;
  #source: EventSource | undefined;
  #letGo: (() => void) | undefined;
  #warning: ReturnType<typeof setTimeout> | undefined;

  connectedCallback(): void {
    this.#channel = new BroadcastChannel(lockName);
    this.#channel.addEventListener('message', (event: MessageEvent<News>) => this.#announce(event.data));
    document.addEventListener('visibilitychange', this.#wake);
    void navigator.locks.request(lockName, () => {
      if (!this.isConnected) return undefined;
      this.#open();
      return new Promise<void>((resolve) => (this.#letGo = resolve));
    });
  }

  disconnectedCallback(): void {
    document.removeEventListener('visibilitychange', this.#wake);
    this.#source?.close();
    this.#source = undefined;
    this.#channel?.close();
    this.#letGo?.();
  }

  #open(): void {
    this.#source?.close();
    const source = new EventSource(`/events?since=${this.dataset['since'] ?? ''}`);
    source.addEventListener('open', () => this.#say(''));
    source.addEventListener('error', () => this.#worry());
    source.addEventListener('message', (event: MessageEvent<string>) => {
      const news: News = { topics: event.data.split('\n').filter((one) => one !== ''), eventId: event.lastEventId };
      this.#announce(news);
      this.#channel?.postMessage(news);
    });
    this.#source = source;
  }

  #announce({ topics, eventId }: News): void {
    this.dataset['since'] = eventId;
    for (const topic of topics) document.body.dispatchEvent(new CustomEvent(topic));
  }

  #wake = (): void => {
    if (document.visibilityState === 'visible' && this.#source?.readyState === EventSource.CLOSED) this.#open();
  };

  #worry(): void {
    this.#warning ??= setTimeout(() => this.#say(this.dataset['reconnecting'] ?? ''), patience);
  }

  #say(text: string): void {
    clearTimeout(this.#warning);
    this.#warning = undefined;
    this.textContent = text;
    this.classList.toggle('live-notice', text !== '');
  }
}
