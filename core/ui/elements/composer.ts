/** Reply and note are two forms; this only shows the chosen one and puts the cursor into it. */
export class HdComposer extends HTMLElement {
  connectedCallback(): void {
    this.addEventListener('click', this.#onClick);
    this.addEventListener('keydown', this.#onKey);
    this.addEventListener('submit', this.#onSubmit);
  }

  #onClick = (event: MouseEvent): void => {
    if (!(event.target instanceof Element) || event.metaKey || event.ctrlKey) return;
    const mode = event.target.closest<HTMLElement>('[data-compose]')?.dataset['compose'];
    if (mode === undefined) return;
    event.preventDefault();
    this.#open(mode);
  };

  #open(mode: string): void {
    const frame = this.closest<HTMLElement>('.composer');
    if (frame === null) return;
    frame.dataset['mode'] = mode;
    frame.dataset['open'] = '';
    const form = frame.querySelector(`.composer__form--${mode}`);
    form?.querySelector<HTMLElement>('[contenteditable="true"], textarea')?.focus();
  }

  #onKey = (event: KeyboardEvent): void => {
    const form = event.target instanceof Element ? event.target.closest('form') : null;
    const command = event.ctrlKey || event.metaKey;
    if (form === null || event.isComposing) return;
    if (command && event.key === 'Enter') {
      const button = event.shiftKey ? form.querySelector<HTMLElement>('[name="then"][value]:not([value=""])') : null;
      (button ?? form.querySelector<HTMLElement>('[data-send]'))?.click();
      event.preventDefault();
    } else if (command && event.shiftKey && event.key.toLowerCase() === 'f') {
      this.closest('.composer')?.classList.toggle('is-full');
      event.preventDefault();
    } else if (event.key === 'Escape') {
      this.#leave();
    }
  };

  /** Out one level; the draft stays. */
  #leave(): void {
    const frame = this.closest<HTMLElement>('.composer');
    if (frame === null) return;
    if (frame.classList.contains('is-full')) frame.classList.remove('is-full');
    else delete frame.dataset['open'];
    this.querySelector<HTMLElement>('.composer__closed [data-compose]')?.focus();
  }

  #onSubmit = (event: SubmitEvent): void => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement)) return;
    // Disabling at once would drop the pressed button's own value from the form.
    setTimeout(() => {
      for (const button of form.querySelectorAll<HTMLButtonElement>('button:not([type="button"])')) button.disabled = true;
    });
    setTimeout(() => {
      for (const button of form.querySelectorAll<HTMLButtonElement>('button')) button.disabled = false;
    }, 8_000);
  };
}
