const pause = 800;

/*
 * Saves what is being written: 800 ms after the last key, on leaving the field and when the page
 * is hidden. While the desk cannot be reached, a copy waits in this tab's session storage.
 */
export class HdDraft extends HTMLElement {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #saved = '';

  connectedCallback(): void {
    this.#saved = this.#text();
    this.#restore();
    this.addEventListener('input', this.#onInput);
    // The editor writes the same text as markup; that is no change worth saving.
    this.addEventListener('hd:ready', () => (this.#saved = this.#text()));
    this.addEventListener('focusout', this.#flush);
    document.addEventListener('visibilitychange', this.#flush);
    this.closest('form')?.addEventListener('submit', this.#forget);
  }

  disconnectedCallback(): void {
    clearTimeout(this.#timer);
    document.removeEventListener('visibilitychange', this.#flush);
  }

  #onInput = (): void => {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#flush, pause);
  };

  #flush = (): void => {
    clearTimeout(this.#timer);
    const text = this.#text();
    if (text !== this.#saved) void this.#save(text);
  };

  async #save(text: string): Promise<void> {
    const { url, kind = 'reply' } = this.dataset;
    const form = this.closest('form');
    if (url === undefined || form === null) return;
    this.#say(this.dataset['saving']);
    const body = new FormData(form);
    body.set('kind', kind);
    body.delete('upload');
    try {
      const response = await fetch(url, { method: 'POST', body, keepalive: text.length < 50_000 });
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      this.#saved = text;
      sessionStorage.removeItem(this.#key());
      this.#say(this.dataset['done']);
    } catch {
      sessionStorage.setItem(this.#key(), text);
      this.#say(this.dataset['failed']);
      this.#timer = setTimeout(this.#flush, 10_000);
    }
  }

  #restore(): void {
    const kept = sessionStorage.getItem(this.#key());
    const field = this.querySelector('textarea');
    if (kept === null || field === null || field.value !== '') return;
    field.value = kept;
    field.dispatchEvent(new Event('hd:restored'));
  }

  #forget = (): void => {
    clearTimeout(this.#timer);
    this.#saved = this.#text();
    sessionStorage.removeItem(this.#key());
  };

  #text(): string {
    return this.querySelector('textarea')?.value ?? '';
  }

  #key(): string {
    return `draft ${this.dataset['url'] ?? ''} ${this.dataset['kind'] ?? ''}`;
  }

  #say(text: string | undefined): void {
    const place = this.closest('form')?.querySelector('[data-saved]');
    if (place !== null && place !== undefined) place.textContent = text ?? '';
  }
}
