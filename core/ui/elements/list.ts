import { htmx } from './htmx.ts';

/*
 * The list of tickets: focus with J and K, a range with Shift, and a bar for what is new. The list
 * never moves under the pointer or the focus; new tickets wait behind the bar until they are asked for.
 */
export class HdList extends HTMLElement {
  #waiting = 0;
  #lastBox: HTMLInputElement | undefined;
  #topic = '';

  connectedCallback(): void {
    this.#topic = this.dataset['topic'] ?? '';
    if (this.#topic !== '') document.body.addEventListener(this.#topic, this.#onNews);
    this.addEventListener('hd:next', (event) => this.#step(event, 1));
    this.addEventListener('hd:previous', (event) => this.#step(event, -1));
    this.addEventListener('click', this.#onClick);
    this.addEventListener('change', this.#onChange);
    this.querySelector('[data-fresh]')?.addEventListener('click', () => this.#refresh());
  }

  disconnectedCallback(): void {
    document.body.removeEventListener(this.#topic, this.#onNews);
  }

  #onNews = (): void => {
    const scroller = this.closest('.list');
    const inUse = this.matches(':hover, :focus-within') || (scroller?.scrollTop ?? 0) > 40 || this.querySelector('input:checked') !== null;
    if (!inUse) {
      this.#refresh();
      return;
    }
    this.#waiting += 1;
    const bar = this.querySelector<HTMLElement>('[data-fresh]');
    if (bar === null) return;
    const text = this.#waiting === 1 ? this.dataset['freshOne'] : this.dataset['freshMany'];
    bar.textContent = (text ?? '').replace('{count}', format(this.#waiting));
    bar.hidden = false;
  };

  #refresh(): void {
    this.#waiting = 0;
    const bar = this.querySelector<HTMLElement>('[data-fresh]');
    if (bar !== null) bar.hidden = true;
    // The address holds the view, the filter and the page, also beside an open ticket.
    void htmx.ajax('GET', location.href, { target: '#rows', select: '#rows', swap: 'outerMorph' });
  }

  #step(event: Event, by: 1 | -1): void {
    const links = [...this.querySelectorAll<HTMLElement>('.row__link')];
    if (links.length === 0) return;
    const current = links.findIndex((link) => link.closest('.row')?.contains(document.activeElement));
    const start = current === -1 ? links.findIndex((link) => link.closest('[data-selected]')) : current;
    links.at(Math.max(0, Math.min(links.length - 1, start + by)))?.focus();
    event.preventDefault();
  }

  #onClick = (event: MouseEvent): void => {
    const box = event.target;
    if (!(box instanceof HTMLInputElement) || box.name !== 'ticket') return;
    if (event.shiftKey && this.#lastBox !== undefined) this.#range(this.#lastBox, box);
    this.#lastBox = box;
  };

  #range(from: HTMLInputElement, to: HTMLInputElement): void {
    const boxes = [...this.querySelectorAll<HTMLInputElement>('input[name="ticket"]')];
    const [start = 0, end = 0] = [boxes.indexOf(from), boxes.indexOf(to)].toSorted((a, b) => a - b);
    for (const box of boxes.slice(start, end + 1)) box.checked = to.checked;
    this.#onChange();
  }

  #onChange = (): void => {
    const count = this.querySelectorAll('input[name="ticket"]:checked').length;
    const label = this.querySelector('[data-count]');
    if (label !== null) label.textContent = (this.dataset['chosen'] ?? '').replace('{count}', format(count));
  };
}

function format(value: number): string {
  return new Intl.NumberFormat(document.documentElement.lang).format(value);
}
