import { now } from './now.ts';

/*
 * Single keys act on whatever carries `data-key`: a link, a button or a field. They are quiet in
 * fields and dialogs, and off altogether when the profile says so (WCAG 2.1.4). Matching uses
 * `event.key`, so that Turkish Q and other layouts work.
 */
const goTo: Readonly<Record<string, string>> = {
  i: '/desk/inbox/mine',
  u: '/desk/inbox/unassigned',
  m: '/desk/inbox/mentions',
  d: '/desk/inbox/drafts',
  s: '/desk/search',
};

export class HdHotkeys extends HTMLElement {
  #going = 0;

  connectedCallback(): void {
    document.addEventListener('keydown', this.#onKey);
    document.addEventListener('click', this.#onClick);
  }

  disconnectedCallback(): void {
    document.removeEventListener('keydown', this.#onKey);
    document.removeEventListener('click', this.#onClick);
  }

  #onClick = (event: MouseEvent): void => {
    if (event.target instanceof Element && event.target.closest('[data-open-keys]') !== null) openDialog('keys');
  };

  #onKey = (event: KeyboardEvent): void => {
    if (event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey)) {
      if (openDialog('palette')) event.preventDefault();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isBusy(event.target)) return;
    if (document.body.dataset['singleKeys'] === 'off') return;
    if (this.#act(event.key)) event.preventDefault();
  };

  #act(key: string): boolean {
    const going = now() - this.#going < 1500;
    this.#going = 0;
    if (going) {
      const place = goTo[key.toLowerCase()];
      if (place !== undefined) location.assign(place);
      return place !== undefined;
    }
    switch (key) {
      case 'g':
        this.#going = now();
        return true;
      case '?':
        return openDialog('keys');
      case '/':
        return focusOn('[data-focus-key="/"]') || go('/desk/search');
      case 'j':
      case 'k':
        return move(key === 'j' ? 'next' : 'previous');
      case 'x':
        return toggleRow();
      default:
        return press(key);
    }
  }
}

function isBusy(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (document.querySelector('dialog:modal') !== null) return true;
  return target.isContentEditable || target.matches('input:not([type="checkbox"], [type="radio"]), textarea, select');
}

function openDialog(id: string): boolean {
  const dialog = document.getElementById(id);
  if (!(dialog instanceof HTMLDialogElement)) return false;
  if (!dialog.open) dialog.showModal();
  dialog.dispatchEvent(new CustomEvent('hd:opened'));
  return true;
}

function focusOn(selector: string): boolean {
  const field = [...document.querySelectorAll<HTMLElement>(selector)].find((one) => one.offsetParent !== null);
  field?.focus();
  return field !== undefined;
}

function press(key: string): boolean {
  const target = [...document.querySelectorAll<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)].at(-1);
  if (target === undefined) return false;
  if (target instanceof HTMLInputElement) target.focus();
  else target.click();
  return true;
}

function move(direction: 'next' | 'previous'): boolean {
  const list = document.querySelector('hd-list');
  const ticket = document.getElementById('ticket');
  const href = ticket?.dataset[direction];
  if (ticket !== null && href !== undefined) return go(href);
  return list === null ? false : !list.dispatchEvent(new CustomEvent(`hd:${direction}`, { cancelable: true }));
}

function toggleRow(): boolean {
  const box = document.activeElement?.closest('.row')?.querySelector<HTMLInputElement>('input[type="checkbox"]');
  box?.click();
  return box !== null && box !== undefined;
}

function go(href: string): boolean {
  location.assign(href);
  return true;
}
