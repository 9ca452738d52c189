/*
 * One event stream per browser: the tab that holds the lock keeps it open and passes topics on to
 * the others, because HTTP/1.1 allows about six connections per host. A topic carries no content;
 * the element that shows it fetches again (`hx-trigger="ticket:42 from:body"`).
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
    this.#channel.addEventListener('message', (event: MessageEvent<unknown>) => announce(String(event.data)));
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
    const source = new EventSource('/events');
    source.addEventListener('open', () => this.#say(''));
    source.addEventListener('error', () => this.#worry());
    source.addEventListener('message', (event: MessageEvent<string>) => {
      for (const topic of event.data.split('\n').filter((one) => one !== '')) {
        announce(topic);
        this.#channel?.postMessage(topic);
      }
    });
    this.#source = source;
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

function announce(topic: string): void {
  document.body.dispatchEvent(new CustomEvent(topic));
}
