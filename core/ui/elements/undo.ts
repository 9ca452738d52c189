import { now } from './now.ts';

const defaultPatience = 7_000;

/** A toast: counts down while undo is possible and leaves by itself, but never while it is being read with focus or pointer. */
export class HdUndo extends HTMLElement {
  #timer: ReturnType<typeof setInterval> | undefined;

  connectedCallback(): void {
    const until = Number(this.dataset['until'] ?? now() + defaultPatience);
    this.querySelector('[data-dismiss]')?.addEventListener('click', () => this.remove());
    this.#timer = setInterval(() => this.#tick(until), 250);
    this.#tick(until);
  }

  disconnectedCallback(): void {
    clearInterval(this.#timer);
  }

  #tick(until: number): void {
    const left = Math.ceil((until - now()) / 1000);
    const countdown = this.querySelector('[data-countdown]');
    if (countdown !== null && this.dataset['until'] !== undefined) countdown.textContent = left > 0 ? seconds(left) : '';
    if (left > 0 || this.matches(':hover, :focus-within')) return;
    this.remove();
  }
}

function seconds(value: number): string {
  return new Intl.NumberFormat(document.documentElement.lang, { style: 'unit', unit: 'second', unitDisplay: 'narrow' }).format(value);
}
