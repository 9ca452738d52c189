import { fold } from './fold.ts';

/** `GET /desk/palette?q=` answers `{ "items": Command[] }`. */
interface Command {
  readonly label: string;
  readonly href: string;
  readonly hint?: string;
  readonly key?: string;
}

interface Choice {
  readonly label: string;
  readonly hint: string;
  readonly key: string;
  run(): void;
}

/** The command palette: actions of this page first, then what the server finds. Combobox pattern with `aria-activedescendant`. */
export class HdPalette extends HTMLElement {
  #shown: readonly Choice[] = [];
  #active = 0;
  #asked = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  connectedCallback(): void {
    this.closest('dialog')?.addEventListener('hd:opened', () => this.#reset());
    this.#input?.addEventListener('input', () => this.#search());
    this.#input?.addEventListener('keydown', (event) => this.#onKey(event));
    this.#list?.addEventListener('click', (event) => this.#onClick(event));
  }

  get #input(): HTMLInputElement | null {
    return this.querySelector('input');
  }

  get #list(): HTMLElement | null {
    return this.querySelector('[role="listbox"]');
  }

  #reset(): void {
    if (this.#input === null) return;
    this.#input.value = '';
    this.#input.focus();
    this.#search();
  }

  #search(): void {
    const query = this.#input?.value ?? '';
    const here = pageActions().filter(({ label }) => fits(label, query));
    this.#show(here);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#ask(query, here), 120);
  }

  async #ask(query: string, here: readonly Choice[]): Promise<void> {
    const turn = ++this.#asked;
    const response = await fetch(`${this.dataset['source'] ?? ''}?q=${encodeURIComponent(query)}`).catch(() => undefined);
    if (response?.ok !== true || turn !== this.#asked) return;
    const { items } = (await response.json()) as { items: readonly Command[] };
    this.#show([...here, ...items.map(({ label, href, hint = '', key = '' }) => ({ label, hint, key, run: () => location.assign(href) }))]);
  }

  #show(commands: readonly Choice[]): void {
    this.#shown = commands.slice(0, 40);
    this.#active = 0;
    this.#list?.replaceChildren(...this.#shown.map((command, index) => optionFor(command, index)));
    const empty = this.querySelector<HTMLElement>('.palette__empty');
    if (empty !== null) empty.hidden = this.#shown.length > 0;
    this.#mark();
  }

  #mark(): void {
    const options = [...(this.#list?.children ?? [])];
    for (const [index, option] of options.entries()) option.setAttribute('aria-selected', String(index === this.#active));
    options[this.#active]?.scrollIntoView({ block: 'nearest' });
    this.#input?.setAttribute('aria-activedescendant', options[this.#active]?.id ?? '');
  }

  #onKey(event: KeyboardEvent): void {
    const count = this.#shown.length;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      if (count > 0) this.#active = (this.#active + (event.key === 'ArrowDown' ? 1 : count - 1)) % count;
      this.#mark();
    } else if (event.key === 'Enter') {
      this.#run(this.#active);
    } else {
      return;
    }
    event.preventDefault();
  }

  #onClick(event: MouseEvent): void {
    const option = event.target instanceof Element ? event.target.closest('[role="option"]') : null;
    if (option !== null) this.#run([...(this.#list?.children ?? [])].indexOf(option));
  }

  #run(index: number): void {
    this.closest('dialog')?.close();
    this.#shown[index]?.run();
  }
}

function pageActions(): Choice[] {
  return [...document.querySelectorAll<HTMLElement>('[data-key]')].flatMap((element) => {
    const label = element.getAttribute('aria-label') ?? visibleText(element);
    const key = element.dataset['key'] ?? '';
    const field = element instanceof HTMLInputElement ? (element.labels?.[0]?.textContent ?? '') : label;
    return field === ''
      ? []
      : [
          {
            label: field,
            hint: '',
            key: key.toUpperCase(),
            run: () => (element instanceof HTMLInputElement ? element.focus() : element.click()),
          },
        ];
  });
}

function visibleText(element: HTMLElement): string {
  const copy = document.createElement('span');
  copy.append(...[...element.childNodes].map((node) => node.cloneNode(true)));
  for (const extra of copy.querySelectorAll('.kbd, [aria-hidden="true"]')) extra.remove();
  return copy.textContent.trim().replaceAll(/\s+/g, ' ');
}

function fits(label: string, query: string): boolean {
  const folded = fold(label);
  return fold(query)
    .split(/\s+/)
    .every((word) => folded.includes(word));
}

function optionFor({ label, hint, key }: Choice, index: number): HTMLElement {
  const option = document.createElement('div');
  option.id = `palette-option-${index}`;
  option.className = 'palette__option';
  option.setAttribute('role', 'option');
  option.append(elementWith('span', 'cut', label));
  if (hint !== '') option.append(elementWith('span', 'muted', hint));
  if (key !== '') option.append(elementWith('span', 'kbd', key));
  return option;
}

function elementWith(tag: string, className: string, text: string): HTMLElement {
  const element = document.createElement(tag);
  element.className = className;
  element.dir = 'auto';
  element.textContent = text;
  return element;
}
