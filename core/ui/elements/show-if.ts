/* Fields that matter only while another has a certain value; without script they all show. */
export function installShowIf(): void {
  document.addEventListener('change', update);
  update();
}

function update(): void {
  for (const field of document.querySelectorAll<HTMLElement>('[data-show-if]')) {
    const [name = '', value = ''] = field.dataset['showIf']?.split('=') ?? [];
    const control = field.closest('form')?.elements.namedItem(name);
    if (control instanceof HTMLInputElement && control.type === 'checkbox') field.hidden = String(control.checked) !== value;
    else if (control instanceof HTMLInputElement || control instanceof HTMLSelectElement) field.hidden = control.value !== value;
  }
}
