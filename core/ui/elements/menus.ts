/*
 * Menus are native popovers. Script only places them beside their button, moves with the arrow
 * keys and closes them when something was chosen; without it they open in the middle of the page.
 */
const gap = 4;

export function installMenus(): void {
  document.addEventListener('toggle', (event) => onToggle(event), true);
  document.addEventListener('keydown', onArrow);
  document.addEventListener('submit', (event) => closeAround(event.target), true);
}

function onToggle(event: Event): void {
  const menu = event.target;
  if (!(menu instanceof HTMLElement) || !menu.matches('.menu:popover-open')) return;
  const opener = document.querySelector<HTMLElement>(`[popovertarget="${CSS.escape(menu.id)}"]`);
  if (opener === null) return;
  place(menu, opener.getBoundingClientRect());
  menu.querySelector<HTMLElement>('.menu__item, input:not([type="hidden"]), select')?.focus({ preventScroll: true });
}

function place(menu: HTMLElement, anchor: DOMRect): void {
  const { offsetWidth: width, offsetHeight: height } = menu;
  const below = anchor.bottom + gap + height <= innerHeight || anchor.top < height;
  const top = below ? Math.min(anchor.bottom + gap, innerHeight - height - gap) : anchor.top - gap - height;
  const fitsFromStart = anchor.left + width + gap <= innerWidth;
  const left = fitsFromStart ? anchor.left : Math.max(gap, anchor.right - width);
  menu.style.inset = `${Math.max(gap, top)}px auto auto ${left}px`;
  menu.style.margin = '0';
}

function onArrow(event: KeyboardEvent): void {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  const menu = document.activeElement?.closest('.menu:popover-open');
  if (menu === null || menu === undefined || document.activeElement instanceof HTMLInputElement) return;
  const items = [...menu.querySelectorAll<HTMLElement>('.menu__item')];
  const index = items.findIndex((item) => item === document.activeElement);
  const step = event.key === 'ArrowDown' ? 1 : -1;
  items.at((index + step + items.length) % items.length)?.focus();
  event.preventDefault();
}

function closeAround(target: EventTarget | null): void {
  if (!(target instanceof HTMLElement)) return;
  const menu = target.closest<HTMLElement>('[popover]') ?? target.querySelector<HTMLElement>('.menu:popover-open');
  menu?.hidePopover();
}
