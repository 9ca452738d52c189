const pause = 800;

/*
 * Saves what is being written and to whom: 800 ms after the last change, on leaving a field and when the page
 * is hidden. While the desk cannot be reached, a copy of the text waits in this tab's session storage.
 */
export class HdDraft extends HTMLElement {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #saved = '';
  // The text that the page came with, and whether it is a draft of this person's.
  #first = '';
  #isKept = false;
  #form: HTMLFormElement | null = null;
  #leaving: AbortController | undefined;

  connectedCallback(): void {
    this.#form = this.closest('form');
    this.#first = this.#text();
    this.#isKept = this.dataset['kept'] !== undefined;
    this.#saved = this.#state();
    const isRestored = this.#restore();
    this.#leaving = new AbortController();
    const { signal } = this.#leaving;
    this.#form?.addEventListener('input', this.#onInput, { signal });
    this.#form?.addEventListener('focusout', this.#flush, { signal });
    this.#form?.addEventListener('submit', this.#forget, { signal });
    if (!isRestored) this.addEventListener('hd:ready', this.#onReady, { signal });
    document.addEventListener('visibilitychange', this.#flush, { signal });
  }

  disconnectedCallback(): void {
    clearTimeout(this.#timer);
    this.#leaving?.abort();
  }

  // The editor writes the same text as markup; that is no change worth saving.
  #onReady = (): void => {
    // Whoever has typed meanwhile has it saved.
    if (this.#timer !== undefined) return;
    const [, ...others] = JSON.parse(this.#saved) as readonly unknown[];
    this.#first = this.#text();
    this.#saved = JSON.stringify([this.#first, ...others]);
  };

  #onInput = (): void => {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#flush, pause);
  };

  #flush = (): void => {
    clearTimeout(this.#timer);
    // To whom alone is no draft, and another window may hold one: nothing is saved before there is a word of it.
    if (!this.#isKept && this.#text() === this.#first) return;
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
      this.#isKept = true;
      sessionStorage.removeItem(this.#key());
      this.#say(this.dataset['done']);
    } catch {
      sessionStorage.setItem(this.#key(), text);
      this.#say(this.dataset['failed']);
      this.#timer = setTimeout(this.#flush, 10_000);
    }
  }

  #restore(): boolean {
    const kept = sessionStorage.getItem(this.#key());
    const field = this.querySelector('textarea');
    if (kept === null || field === null || field.value !== '') return false;
    field.value = kept;
    field.dispatchEvent(new Event('hd:restored'));
    return true;
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
