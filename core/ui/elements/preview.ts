interface Drafted {
  readonly properties: Readonly<Record<string, string>>;
  readonly attributes: Readonly<Record<string, string>>;
  readonly problems: readonly string[];
}

type Choice = 'page' | 'device' | 'scheme' | 'language';

const pauseMs = 250;
const widths: Readonly<Record<string, number>> = { phone: 390, tablet: 768, desktop: 1280 };

/**
 * The theme preview. Colors and numbers are set in the frame while they move; everything is kept as a draft,
 * and the frame loads again for what only the server can print. Without it each choice is a link and a button.
 */
export class HdPreview extends HTMLElement {
  #page = '';
  #timer: ReturnType<typeof setTimeout> | undefined;
  #needsLoad = false;
  #saving: Promise<void> = Promise.resolve();
  readonly #resize = new ResizeObserver(() => this.#fit());

  connectedCallback(): void {
    this.#page = this.querySelector<HTMLElement>('[data-page][aria-current]')?.dataset['page'] ?? '/';
    this.addEventListener('input', this.#onInput);
    this.addEventListener('click', this.#onClick);
    this.#frame?.addEventListener('load', this.#onLoad);
    const stage = this.querySelector('.preview__stage');
    if (stage !== null) this.#resize.observe(stage);
    this.#fit();
  }

  disconnectedCallback(): void {
    this.#resize.disconnect();
    clearTimeout(this.#timer);
  }

  get #frame(): HTMLIFrameElement | null {
    return this.querySelector('iframe');
  }

  readonly #onInput = (event: Event): void => {
    const field = event.target;
    if (!(field instanceof HTMLInputElement || field instanceof HTMLSelectElement) || !field.name.startsWith('option.')) return;
    const property = field.dataset['property'];
    const shown = field.closest('.option')?.querySelector('output');
    const value = `${field.value}${field.dataset['unit'] ?? ''}`;
    if (shown !== null && shown !== undefined) shown.textContent = value;
    if (property === undefined) this.#needsLoad = true;
    else this.#tell({ properties: { [property]: value } });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#keep(), pauseMs);
  };

  #keep(): void {
    this.#saving = this.#saving.then(() => this.#save());
  }

  async #save(): Promise<void> {
    const form = this.querySelector<HTMLFormElement>('#options');
    if (form === null) return;
    const body = new FormData(form);
    // Only what is in the form now is kept by this; what is typed meanwhile asks for its own load.
    const needsLoad = this.#needsLoad;
    this.#needsLoad = false;
    const answer = await fetch(this.dataset['draft'] ?? '', { method: 'POST', body, headers: { Accept: 'application/json' } }).catch(
      () => undefined,
    );
    if (answer?.ok !== true) {
      this.#needsLoad ||= needsLoad;
      return;
    }
    const drafted = (await answer.json()) as Drafted;
    this.#tell(drafted);
    this.#sayContrast(drafted.problems);
    const status = this.querySelector<HTMLElement>('[data-saved]');
    if (status !== null) status.textContent = status.dataset['saved'] ?? '';
    // A chosen picture is stored now; sending it again with each change would store it again.
    for (const file of form.querySelectorAll<HTMLInputElement>('input[type="file"]')) file.value = '';
    if (needsLoad) this.#frame?.contentWindow?.location.reload();
  }

  readonly #onClick = (event: MouseEvent): void => {
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (link === null || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const kind = (['page', 'device', 'scheme', 'language'] as const).find((one) => link.dataset[one] !== undefined);
    if (kind === undefined) return;
    event.preventDefault();
    this.#choose(kind, link);
  };

  #choose(kind: Choice, link: HTMLAnchorElement): void {
    const value = link.dataset[kind] ?? '';
    for (const one of this.querySelectorAll(`a[data-${kind}]`)) one.removeAttribute('aria-current');
    link.setAttribute('aria-current', 'true');
    if (kind === 'page') this.#page = value;
    else this.dataset[kind] = value;
    if (kind === 'device') this.#fit();
    else if (kind === 'scheme') this.#tell({ attributes: { 'data-scheme': value } });
    const address = this.#address();
    if (kind !== 'device' && this.#frame !== null && kind !== 'scheme') this.#frame.src = address;
    this.querySelector('[data-alone]')?.setAttribute('href', address);
  }

  #address(): string {
    const { token = '', language = '', scheme = '' } = this.dataset;
    return `${this.#page}?preview=${encodeURIComponent(`${token}~${language}~${scheme}`)}`;
  }

  // Links within the frame carry the scheme it was loaded with; the one that was chosen since holds.
  readonly #onLoad = (): void => this.#tell({ attributes: { 'data-scheme': this.dataset['scheme'] ?? 'system' } });

  #tell(look: { readonly properties?: Drafted['properties']; readonly attributes?: Drafted['attributes'] }): void {
    this.#frame?.contentWindow?.postMessage({ kind: 'helpdesk-look', ...look }, location.origin);
  }

  #sayContrast(problems: readonly string[]): void {
    const notice = this.querySelector<HTMLElement>('#contrast');
    const list = notice?.querySelector('ul');
    if (notice === null || list === null || list === undefined) return;
    notice.hidden = problems.length === 0;
    list.replaceChildren(...problems.map((text) => Object.assign(document.createElement('li'), { textContent: text })));
  }

  /** Shows the frame at the width of the device, made smaller where there is not that much room. */
  #fit(): void {
    const [stage, frame] = [this.querySelector<HTMLElement>('.preview__stage'), this.#frame];
    if (stage === null || frame === null) return;
    const width = widths[this.dataset['device'] ?? 'desktop'] ?? 1280;
    const scale = Math.min(1, stage.clientWidth / width);
    frame.style.inlineSize = `${width}px`;
    frame.style.blockSize = `${stage.clientHeight / scale}px`;
    frame.style.transform = scale === 1 ? '' : `scale(${scale})`;
    frame.style.marginInline = scale === 1 ? 'auto' : '0';
  }
}
