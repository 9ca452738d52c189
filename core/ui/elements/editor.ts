import type { Squire } from 'squire-rte/dist/types/Editor.js';
import { Uploads } from './uploads.ts';

/*
 * A rich editor over a plain textarea, which stays the truth: it holds the HTML that the form
 * sends, and alone it works without script. Core never calls the editor library elsewhere, so
 * that another one can take its place.
 */
export class HdEditor extends HTMLElement {
  #squire: Squire | undefined;
  #textarea: HTMLTextAreaElement | null = null;
  #uploads: Uploads | undefined;

  connectedCallback(): void {
    if (this.#squire !== undefined) return;
    this.#textarea = this.querySelector('textarea');
    if (this.#textarea === null) return;
    this.#uploads = new Uploads(this, (image) => this.#insertImage(image));
    void this.#enhance(this.#textarea);
  }

  disconnectedCallback(): void {
    this.#squire?.destroy();
    this.#squire = undefined;
  }

  async #enhance(textarea: HTMLTextAreaElement): Promise<void> {
    const [{ default: SquireEditor }, { default: purify }] = await Promise.all([import('squire-rte'), import('dompurify')]);
    if (!this.isConnected || this.#squire !== undefined) return;
    const field = fieldFor(textarea);
    textarea.before(field);
    const squire = new SquireEditor(field, {
      blockTag: 'DIV',
      sanitizeToDOMFragment: (html) => document.importNode(purify.sanitize(html, sanitizing), true),
    });
    this.#squire = squire;
    const format = this.#format();
    if (textarea.value !== '') squire.setHTML(format.value === 'html' ? textarea.value : toHtml(textarea.value));
    format.value = 'html';
    // Whoever types already goes on typing: without a focused field the keys would act as shortcuts.
    const isTyping = document.activeElement === textarea;
    textarea.hidden = true;
    if (isTyping) squire.moveCursorToEnd().focus();
    squire.addEventListener('input', () => this.#sync());
    squire.addEventListener('pasteImage', (event: Event) => this.#onPasteImage(event));
    textarea.addEventListener('hd:restored', () => squire.setHTML(textarea.value));
    this.#sync(false);
    textarea.dispatchEvent(new Event('hd:ready', { bubbles: true }));
    this.#bindTools(textarea.id);
  }

  /** Tells the server whether the field holds lines or markup. */
  #format(): HTMLInputElement {
    const known = this.querySelector<HTMLInputElement>('input[name="format"]');
    if (known !== null) return known;
    const made = document.createElement('input');
    made.type = 'hidden';
    made.name = 'format';
    made.value = 'text';
    this.append(made);
    return made;
  }

  #sync(announce = true): void {
    const squire = this.#squire;
    if (squire === undefined || this.#textarea === null) return;
    const root = squire.getRoot();
    const isEmpty = root.textContent.trim() === '' && root.querySelector('img, table, li') === null;
    this.#textarea.value = isEmpty ? '' : squire.getHTML();
    root.toggleAttribute('data-empty', isEmpty);
    if (announce) this.#textarea.dispatchEvent(new Event('input', { bubbles: true }));
  }

  #onPasteImage(event: Event): void {
    const detail: unknown = event instanceof CustomEvent ? event.detail : undefined;
    const clipboard = typeof detail === 'object' && detail !== null && 'clipboardData' in detail ? detail.clipboardData : undefined;
    if (clipboard instanceof DataTransfer) void this.#uploads?.send([...clipboard.files]);
  }

  #insertImage({ id, url }: { id: string; url: string }): void {
    this.#squire?.insertImage(url, { 'data-cid': id, alt: '' });
    this.#sync();
  }

  #bindTools(fieldId: string): void {
    const bar = document.querySelector<HTMLElement>(`[data-tools-for="${CSS.escape(fieldId)}"]`);
    bar?.addEventListener('click', (event) => {
      const tool = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-tool]')?.dataset['tool'] : undefined;
      if (tool !== undefined) this.#use(tool);
    });
    bar?.addEventListener('keydown', (event) => rove(bar, event));
  }

  #use(tool: string): void {
    const squire = this.#squire;
    if (squire === undefined) return;
    squire.focus();
    if (tool === 'link') this.#link(squire);
    else tools[tool]?.(squire);
    this.#sync();
  }

  #link(squire: Squire): void {
    if (squire.hasFormat('A')) {
      squire.removeLink();
      return;
    }
    const address = prompt(this.dataset['linkPrompt'] ?? '', 'https://');
    if (address !== null && /^(https?|mailto|tel):/i.test(address)) squire.makeLink(address, { rel: 'noopener' });
  }
}

const sanitizing = {
  RETURN_DOM_FRAGMENT: true as const,
  FORBID_TAGS: ['style', 'form', 'input', 'button', 'textarea', 'select', 'iframe', 'object', 'svg', 'math'],
  FORBID_ATTR: ['class', 'id', 'name'],
  ALLOW_UNKNOWN_PROTOCOLS: false,
};

function fieldFor(textarea: HTMLTextAreaElement): HTMLElement {
  const field = document.createElement('div');
  field.className = 'editor__field prose';
  field.dir = 'auto';
  field.dataset['placeholder'] = textarea.placeholder;
  field.setAttribute('role', 'textbox');
  field.setAttribute('aria-multiline', 'true');
  field.setAttribute('aria-label', textarea.labels[0]?.textContent ?? '');
  return field;
}

function toHtml(text: string): string {
  const holder = document.createElement('div');
  return text
    .split('\n')
    .map((line) => {
      holder.textContent = line;
      return `<div>${holder.innerHTML === '' ? '<br>' : holder.innerHTML}</div>`;
    })
    .join('');
}

const tools: Readonly<Record<string, (squire: Squire) => unknown>> = {
  bold: (squire) => (squire.hasFormat('B') ? squire.removeBold() : squire.bold()),
  italic: (squire) => (squire.hasFormat('I') ? squire.removeItalic() : squire.italic()),
  list: (squire) => (squire.hasFormat('UL') ? squire.removeList() : squire.makeUnorderedList()),
  quote: (squire) => (squire.hasFormat('BLOCKQUOTE') ? squire.decreaseQuoteLevel() : squire.increaseQuoteLevel()),
};

/** One tab stop for the whole toolbar; arrows move inside it. */
function rove(bar: HTMLElement, event: KeyboardEvent): void {
  if (event.key !== 'ArrowRight' && event.key !== 'ArrowLeft') return;
  const tools = [...bar.querySelectorAll<HTMLElement>('[data-tool]')].filter((tool) => tool.offsetParent !== null);
  const forward = (event.key === 'ArrowRight') === (document.dir !== 'rtl');
  const index = tools.findIndex((tool) => tool === document.activeElement);
  tools.at((index + (forward ? 1 : -1) + tools.length) % tools.length)?.focus();
  event.preventDefault();
}
