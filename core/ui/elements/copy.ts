/** Adds a button that copies the text area inside; without script the text can be selected as ever. */
export class HdCopy extends HTMLElement {
  connectedCallback(): void {
    if (this.querySelector('button') !== null) return;
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'button';
    button.textContent = this.dataset['label'] ?? '';
    button.addEventListener('click', () => void this.#copy(button));
    this.append(button);
  }

  async #copy(button: HTMLButtonElement): Promise<void> {
    const area = this.querySelector('textarea');
    if (area === null) return;
    area.select();
    try {
      await navigator.clipboard.writeText(area.value);
      button.textContent = this.dataset['done'] ?? '';
    } catch {
      // Not allowed over plain http; the text is selected, so that the keys of the browser copy it.
    }
  }
}
