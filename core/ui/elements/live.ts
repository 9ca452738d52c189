interface News {
  readonly topics: readonly string[];
  /** The newest event they cover. */
  readonly eventId: string;
}

/** What a tab says that has just opened. */
const hello = 'hello';

/*
 * One event stream per browser: the tab that holds the lock keeps it open and passes topics on to
 * the others, because HTTP/1.1 allows about six connections per host. A topic carries no content;
 * the element that shows it fetches again (`hx-trigger="ticket:42 from:body"`). The stream begins
 * after the newest event that the page shows, so that nothing in between is lost.
 */
// Another name than that of tabs from before an upgrade, which speak otherwise.
const lockName = 'helpdesk-live-2';
const patience = 5_000;
/** How long a page may take from the server to its script. */
const repeated = 10_000;

export class HdLive extends HTMLElement {
  #channel: BroadcastChannel | undefined;
  #source: EventSource | undefined;
  /** What the stream told of late, for tabs that open: they may have been made before it and not heard it. */
  #told: { readonly news: News; readonly at: number }[] = [];
  #letGo: (() => void) | undefined;
  #warning: ReturnType<typeof setTimeout> | undefined;

  connectedCallback(): void {
    this.#channel = new BroadcastChannel(lockName);
    this.#channel.addEventListener('message', ({ data }: MessageEvent<News | typeof hello>) => {
      if (data !== hello) this.#announce(data);
      else if (this.#source !== undefined) for (const { news } of this.#recent()) this.#channel?.postMessage(news);
    });
    this.#channel.postMessage(hello);
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
      this.#told = [...this.#recent(), { news, at: performance.now() }];
      this.#announce(news);
      this.#channel?.postMessage(news);
    });
    this.#source = source;
  }

  #recent() {
    return this.#told.filter(({ at }) => performance.now() - at < repeated);
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
