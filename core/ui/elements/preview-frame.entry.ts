/*
 * Runs in a page that is shown in the theme preview: takes custom properties and attributes from the page
 * around it, which comes from the same origin.
 */
addEventListener('message', (event: MessageEvent<unknown>) => {
  if (event.origin !== location.origin || event.source !== window.parent) return;
  const { data } = event;
  if (typeof data !== 'object' || data === null || !('kind' in data) || data.kind !== 'helpdesk-look') return;
  const root = document.documentElement;
  for (const [name, value] of textsIn('properties' in data ? data.properties : {}))
    if (name.startsWith('--')) root.style.setProperty(name, value);
  for (const [name, value] of textsIn('attributes' in data ? data.attributes : {}))
    if (/^data-(scheme$|theme-)/.test(name)) root.setAttribute(name, value);
});

function textsIn(value: unknown): readonly (readonly [string, string])[] {
  return typeof value === 'object' && value !== null ? Object.entries(value).map(([name, text]) => [name, String(text)] as const) : [];
}
