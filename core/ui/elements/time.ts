import { now } from './now.ts';

const minute = 60_000;
const steps: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', minute],
];

/** Keeps a relative time fresh; after a week the server's date is right and stays. */
export class HdTime extends HTMLElement {
  #timer: ReturnType<typeof setInterval> | undefined;

  connectedCallback(): void {
    this.#timer = setInterval(() => this.#print(), minute);
  }

  disconnectedCallback(): void {
    clearInterval(this.#timer);
  }

  #print(): void {
    const time = this.querySelector('time');
    if (time === null) return;
    const distance = Date.parse(time.dateTime) - now();
    if (Number.isNaN(distance) || Math.abs(distance) > 7 * 86_400_000) return;
    const format = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: 'auto', style: 'short' });
    const step = steps.find(([, size]) => Math.abs(distance) >= size);
    time.textContent = step === undefined ? format.format(0, 'minute') : format.format(Math.trunc(distance / step[1]), step[0]);
  }
}
