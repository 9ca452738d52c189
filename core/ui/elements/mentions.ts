import { fold } from './fold.ts';

const mostShown = 6;
// A name may hold a few words, and an address such as can@example.com is no mention.
const typedName = /(?:^|[^\p{L}\p{N}])@([\p{L}\p{M}'’.-]*(?: [\p{L}\p{M}'’.-]+){0,2})$/u;

/**
 * Offers colleagues while a note names one with `@`. The field keeps the focus, and the list follows the combobox
 * pattern (`aria-activedescendant`). The text stays plain: the server finds who is meant by the name.
 */
export class HdMentions extends HTMLElement {
  #field: HTMLElement | undefined;
  #active = 0;
  #typed = '';

  connectedCallback(): void {
    const form = this.closest('form');
    form?.addEventListener('input', this.#onInput);
    form?.addEventListener('keydown', this.#onKey, true);
    form?.addEventListener('focusout', () => this.#hide());
    this.#list?.addEventListener('mousedown', this.#onPick);
  }

  get #list(): HTMLElement | null {
    return this.querySelector('[role="listbox"]');
  }

  get #shown(): HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>('[role="option"]:not([hidden])')];
  }

  get #isOpen(): boolean {
    return this.#list?.matches(':popover-open') === true;
  }

  #onInput = (): void => {
    const typed = typedBeforeCaret();
    const match = typed === undefined ? null : typedName.exec(typed.text);
    if (typed === undefined || match === null) return this.#hide();
    // The editor reports changed attributes of its field as input too, and the list sets some there.
    if (this.#isOpen && match[1] === this.#typed) return;
    this.#typed = match[1] ?? '';
    const wanted = fold(this.#typed);
    let count = 0;
    for (const option of this.querySelectorAll<HTMLElement>('[role="option"]')) {
      const name = fold(option.dataset['name'] ?? '');
      const fits = name !== wanted && (name.startsWith(wanted) || name.includes(` ${wanted}`));
      option.hidden = !fits || count >= mostShown;
      if (!option.hidden) count += 1;
    }
    if (count === 0) return this.#hide();
    this.#show(typed.field, typed.caret);
  };

  #show(field: HTMLElement, caret: DOMRect): void {
    const list = this.#list;
    if (list === null) return;
    this.#field = field;
    if (!this.#isOpen) list.showPopover();
    const top = caret.bottom + list.offsetHeight + 8 > innerHeight ? caret.top - list.offsetHeight - 4 : caret.bottom + 4;
    list.style.inset = `${top}px auto auto ${Math.max(4, Math.min(caret.left, innerWidth - list.offsetWidth - 4))}px`;
    field.setAttribute('aria-controls', list.id);
    this.#mark(0);
  }

  #hide(): void {
    if (!this.#isOpen) return;
    this.#list?.hidePopover();
    this.#field?.removeAttribute('aria-activedescendant');
    this.#field?.removeAttribute('aria-controls');
  }

  #mark(index: number): void {
    this.#active = index;
    for (const [at, option] of this.#shown.entries()) option.setAttribute('aria-selected', String(at === index));
    this.#field?.setAttribute('aria-activedescendant', this.#shown[index]?.id ?? '');
  }

  // Before the editor and the composer: while the list is open these keys are the list's.
  #onKey = (event: KeyboardEvent): void => {
    if (!this.#isOpen || event.isComposing || event.ctrlKey || event.metaKey) return;
    const count = this.#shown.length;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp')
      this.#mark((this.#active + (event.key === 'ArrowDown' ? 1 : count - 1)) % count);
    else if (event.key === 'Enter' || event.key === 'Tab') this.#take(this.#shown[this.#active]);
    else if (event.key === 'Escape') this.#hide();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  #onPick = (event: MouseEvent): void => {
    event.preventDefault();
    const option = event.target instanceof Element ? event.target.closest<HTMLElement>('[role="option"]') : null;
    if (option !== null) this.#take(option);
  };

  #take(option: HTMLElement | undefined): void {
    const typed = typedBeforeCaret();
    const match = typed === undefined ? null : typedName.exec(typed.text);
    const name = option?.dataset['name'];
    this.#hide();
    if (typed === undefined || match === null || name === undefined) return;
    const range = document.createRange();
    range.setStart(...placeBefore(typed, match[1]?.length ?? 0));
    range.setEnd(...typed.end);
    range.deleteContents();
    const written = document.createTextNode(`${name}\u00a0`);
    range.insertNode(written);
    getSelection()?.collapse(written, written.length);
    typed.field.dispatchEvent(new InputEvent('input', { bubbles: true }));
  }
}

type Place = readonly [node: Text, offset: number];

interface Typed {
  readonly field: HTMLElement;
  /** The nodes that hold the line before the caret: the editor splits its text at will. */
  readonly pieces: readonly Text[];
  readonly end: Place;
  /** What stands before the caret on its line. */
  readonly text: string;
  readonly caret: DOMRect;
}

const lineStarts = 'br, div, p, li, blockquote, pre, td, th, h1, h2, h3, h4, h5, h6';

function typedBeforeCaret(): Typed | undefined {
  const selection = getSelection();
  const anchor = selection?.anchorNode;
  if (selection?.isCollapsed !== true || anchor === null || anchor === undefined) return undefined;
  const element = anchor instanceof Element ? anchor : anchor.parentElement;
  const field = element?.closest<HTMLElement>('[contenteditable="true"]');
  if (field === null || field === undefined) return undefined;
  // The caret may stand in a text or between the children of an element; the range covers both.
  const before = document.createRange();
  before.selectNodeContents(field);
  before.setEnd(anchor, selection.anchorOffset);
  let pieces: Text[] = [];
  const walker = document.createTreeWalker(field, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null && before.intersectsNode(node); node = walker.nextNode())
    if (node instanceof Text) pieces.push(node);
    else if (node instanceof Element && node.matches(lineStarts)) pieces = [];
  const last = pieces.at(-1);
  if (last === undefined) return undefined;
  const end: Place = [last, last === anchor ? selection.anchorOffset : last.length];
  const caret = document.createRange();
  caret.setStart(...end);
  const text = pieces.map((one) => one.data.slice(0, one === last ? end[1] : undefined)).join('');
  return { field, pieces, end, text, caret: caret.getBoundingClientRect() };
}

/** Where the last `count` characters before the end of the pieces begin. */
function placeBefore({ pieces, end }: Typed, count: number): Place {
  let left = count;
  for (const piece of pieces.toReversed()) {
    const length = piece === end[0] ? end[1] : piece.length;
    if (left <= length) return [piece, length - left];
    left -= length;
  }
  return end;
}
