/** What every page does: says that script runs, leads to errors, starts at what is unread, and keeps a form from being sent twice. */
export function installPage(): void {
  document.documentElement.classList.add('js');
  document.getElementById('errors')?.focus();
  showNewest();
  document.addEventListener('submit', onSubmit);
  document.addEventListener('htmx:response:error', () => sayFailed());
}

function showNewest(): void {
  const scroller = document.querySelector<HTMLElement>('[data-scroll-to-unread]');
  if (scroller === null || location.hash !== '') return;
  const unread = scroller.querySelector('[data-unread]');
  if (unread === null) scroller.scrollTop = scroller.scrollHeight;
  else unread.scrollIntoView({ block: 'start' });
}

/** A plain form (not one of htmx) leaves the page; a second click would send it again. */
function onSubmit(event: SubmitEvent): void {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || event.defaultPrevented || form.method === 'dialog') return;
  if (form.dataset['sent'] !== undefined) event.preventDefault();
  else form.dataset['sent'] = '';
  setTimeout(() => delete form.dataset['sent'], 5_000);
}

function sayFailed(): void {
  const region = document.getElementById('alert');
  if (region !== null) region.textContent = region.dataset['failed'] ?? '';
}
