/*
 * A picture over a table, which stays the truth: rows carry `data-label` and `data-value`, in the
 * `data-unit` of the element (ECMA-402, such as `millisecond`). The drawing library is fetched when
 * the picture comes into view, so that no other page pays for it.
 */
const shownRows = 10;

export class HdChart extends HTMLElement {
  #observer: IntersectionObserver | undefined;
  #chart: { destroy(): void } | undefined;

  connectedCallback(): void {
    this.#observer = new IntersectionObserver(([entry]) => {
      if (entry?.isIntersecting !== true) return;
      this.#observer?.disconnect();
      void this.#draw();
    });
    this.#observer.observe(this);
  }

  disconnectedCallback(): void {
    this.#observer?.disconnect();
    this.#chart?.destroy();
    this.#chart = undefined;
    this.querySelector('.chart')?.remove();
  }

  async #draw(): Promise<void> {
    const rows = [...this.querySelectorAll<HTMLElement>('[data-value]')].slice(0, shownRows);
    const { Chart, BarController, BarElement, CategoryScale, LinearScale, Tooltip } = await import('chart.js');
    if (!this.isConnected || this.#chart !== undefined || rows.length === 0) return;
    Chart.register(BarController, BarElement, CategoryScale, LinearScale, Tooltip);
    const frame = document.createElement('div');
    frame.className = 'chart';
    // Room for a bar and its name, whatever their number.
    frame.style.blockSize = `${rows.length * 28 + 40}px`;
    const canvas = document.createElement('canvas');
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', this.dataset['label'] ?? '');
    frame.append(canvas);
    this.prepend(frame);
    const unit = this.dataset['unit'];
    const format: Intl.NumberFormatOptions = unit === undefined ? {} : { style: 'unit', unit };
    const color = (name: string): string => resolvedColor(this, name);
    const [bar, ink, line] = [color('--color-brand'), color('--color-ink-muted'), color('--color-line')];
    this.#chart = new Chart(canvas, {
      type: 'bar',
      data: {
        labels: rows.map((row) => shortened(row.dataset['label'] ?? '', this.clientWidth)),
        datasets: [{ label: this.dataset['label'] ?? '', data: rows.map((row) => Number(row.dataset['value'])), backgroundColor: bar }],
      },
      options: {
        indexAxis: 'y',
        animation: false,
        maintainAspectRatio: false,
        locale: document.documentElement.lang,
        scales: {
          x: { beginAtZero: true, ticks: { color: ink, format, autoSkipPadding: 12 }, grid: { color: line } },
          y: { ticks: { color: ink, autoSkip: false }, grid: { display: false } },
        },
      },
    });
  }
}

// The end of a place tells more than its beginning.
function shortened(label: string, width: number): string {
  const most = Math.max(16, Math.floor(width / 18));
  return label.length <= most ? label : `…${label.slice(1 - most)}`;
}

// The tokens use light-dark(), which a canvas cannot read; a computed color is plain.
function resolvedColor(beside: HTMLElement, token: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${token})`;
  beside.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
