/** Gives the sandboxed mail its own height, so that the ticket has one scroll bar. */
export class HdFrame extends HTMLElement {
  #watcher: ResizeObserver | undefined;

  connectedCallback(): void {
    const frame = this.querySelector('iframe');
    if (frame === null) return;
    frame.addEventListener('load', () => this.#follow(frame));
    this.#follow(frame);
  }

  disconnectedCallback(): void {
    this.#watcher?.disconnect();
  }

  #follow(frame: HTMLIFrameElement): void {
    const body = frame.contentDocument?.documentElement;
    if (body === undefined || body === null) return;
    this.#watcher?.disconnect();
    this.#watcher = new ResizeObserver(() => {
      frame.style.blockSize = `${Math.ceil(body.getBoundingClientRect().height)}px`;
    });
    this.#watcher.observe(body);
  }
}
