const pause = 800;

/*
 * Saves what is being written and to whom: 800 ms after the last change, on leaving a field and when the page
 * is hidden. While the desk cannot be reached, a copy of the text waits in this tab's session storage.
 */
export class HdDraft extends HTMLElement {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #saved = '';
  #form: HTMLFormElement | null = null;
  #leaving = new AbortController();

  connectedCallback(): void {
    this.#form = this.closest('form');
    this.#saved = this.#state();
    this.#restore();
    this.#leaving = new AbortController();
    const { signal } = this.#leaving;
    this.#form?.addEventListener('input', this.#onInput, { signal });
    this.#form?.addEventListener('focusout', this.#flush, { signal });
    this.#form?.addEventListener('submit', this.#forget, { signal });
    // The editor writes the same text as markup; that is no change worth saving.
    this.addEventListener('hd:ready', () => (this.#saved = this.#state()), { signal });
    document.addEventListener('visibilitychange', this.#flush, { signal });
  }

  disconnectedCallback(): void {
    clearTimeout(this.#timer);
    this.#leaving.abort();
  }

  #onInput = (): void => {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#flush, pause);
  };

  #flush = (): void => {
    clearTimeout(this.#timer);
    if (this.#state() !== this.#saved) void this.#save();
  };

  async #save(): Promise<void> {
    const { url, kind = 'reply' } = this.dataset;
    if (url === undefined || this.#form === null) return;
    const [text, state] = [this.#text(), this.#state()];
    this.#say(this.dataset['saving']);
    const body = new FormData(this.#form);
    body.set('kind', kind);
    body.delete('upload');
    try {
      const response = await fetch(url, { method: 'POST', body, keepalive: text.length < 50_000 });
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      this.#saved = state;
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
    this.#saved = this.#state();
    sessionStorage.removeItem(this.#key());
  };

  #state(): string {
    const { elements } = this.#form ?? {};
    const [cc, unquoted] = [elements?.namedItem('cc'), elements?.namedItem('unquoted')];
    return JSON.stringify([
      this.#text(),
      cc instanceof HTMLInputElement && cc.value,
      unquoted instanceof HTMLInputElement && unquoted.checked,
    ]);
  }

  #text(): string {
    return this.querySelector('textarea')?.value ?? '';
  }

  #key(): string {
    return `draft ${this.dataset['url'] ?? ''} ${this.dataset['kind'] ?? ''}`;
  }

  #say(text: string | undefined): void {
    const place = this.#form?.querySelector('[data-saved]');
    if (place !== null && place !== undefined) place.textContent = text ?? '';
  }
}
