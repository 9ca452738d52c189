/** `POST /desk/uploads` (multipart, field `file`) answers this. */
interface Uploaded {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly url: string;
}

const inlineLimit = 2_000_000;

/** Files are stored as soon as they are chosen, pasted or dropped; the form then only names them. Larger images become attachments. */
export class Uploads {
  readonly #host: HTMLElement;
  readonly #onImage: (image: Uploaded) => void;

  constructor(host: HTMLElement, onImage: (image: Uploaded) => void) {
    this.#host = host;
    this.#onImage = onImage;
    const area = host.closest('form') ?? host;
    area.addEventListener('dragover', (event) => this.#onDrag(event));
    area.addEventListener('dragleave', () => host.classList.remove('is-dropping'));
    area.addEventListener('drop', (event) => this.#onDrop(event));
    area.addEventListener('change', (event) => this.#onChoose(event));
    host.addEventListener('click', (event) => this.#onRemove(event));
  }

  async send(files: readonly File[], inline = true): Promise<void> {
    for (const file of files) await this.#sendOne(file, inline);
  }

  async #sendOne(file: File, inline: boolean): Promise<void> {
    const line = this.#line(file.name);
    const body = new FormData();
    body.set('file', file);
    try {
      const response = await fetch(this.#host.dataset['upload'] ?? '', { method: 'POST', body, headers: { accept: 'application/json' } });
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      const stored = (await response.json()) as Uploaded;
      if (inline && file.type.startsWith('image/') && file.size <= inlineLimit) {
        line.remove();
        this.#onImage(stored);
      } else {
        this.#settle(line, stored);
      }
    } catch {
      line.append(` ${this.#host.dataset['uploadFailed'] ?? ''}`);
      line.classList.add('field__error');
    }
  }

  #line(name: string): HTMLElement {
    const line = document.createElement('li');
    line.className = 'attachment';
    const label = document.createElement('bdi');
    label.className = 'attachment__name';
    label.textContent = name;
    line.append(label);
    line.setAttribute('aria-busy', 'true');
    this.#host.querySelector('[data-files]')?.append(line);
    return line;
  }

  #settle(line: HTMLElement, { id, name }: Uploaded): void {
    const input = document.createElement('input');
    input.type = 'hidden';
    input.name = 'file';
    input.value = id;
    const remove = document.createElement('button');
    remove.type = 'button';
    remove.className = 'chip__remove';
    remove.dataset['removeFile'] = '';
    remove.setAttribute('aria-label', `${this.#host.dataset['remove'] ?? ''} ${name}`);
    remove.textContent = '×';
    line.removeAttribute('aria-busy');
    line.append(input, remove);
    this.#host.dispatchEvent(new Event('input', { bubbles: true }));
  }

  #onRemove(event: MouseEvent): void {
    if (!(event.target instanceof Element)) return;
    event.target.closest('[data-remove-file]')?.closest('li')?.remove();
  }

  #onChoose(event: Event): void {
    const input = event.target;
    if (!(input instanceof HTMLInputElement) || input.type !== 'file' || input.files === null) return;
    const files = [...input.files];
    input.value = '';
    void this.send(files, false);
  }

  #onDrag(event: DragEvent): void {
    if (event.dataTransfer?.types.includes('Files') !== true) return;
    event.preventDefault();
    this.#host.classList.add('is-dropping');
  }

  #onDrop(event: DragEvent): void {
    this.#host.classList.remove('is-dropping');
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    void this.send(files);
  }
}
