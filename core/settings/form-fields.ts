import type { Form } from '../http/body.ts';
import { timeZoneOptions, type Translator } from '../i18n/index.ts';
import type { FieldView } from '../ui/types.ts';
import type { SettingSchema, SettingValue } from './schema-types.ts';

export interface SettingField {
  readonly owner: string;
  readonly key: string;
  readonly schema: SettingSchema;
  readonly translator: Translator;
  readonly value: unknown;
  /** Whether a secret is stored; it is never sent to the browser. */
  readonly isStored: boolean;
}

/** The form field that a setting's schema describes. */
export function fieldOfSetting({ owner, key, schema, translator, value, isStored }: SettingField): FieldView {
  const label = { key: schema['x-label'] ?? `settings.${owner}.${key}` };
  const helpKey = schema['x-help'] ?? `settings.${owner}.${key}.help`;
  const [shownBy] = Object.entries(schema['x-showIf'] ?? {});
  const base = {
    name: key,
    label,
    help: { key: helpKey },
    ...(schema['x-unit'] === undefined ? {} : { unit: { key: schema['x-unit'] } }),
    ...(shownBy === undefined ? {} : { showIf: `${shownBy[0]}=${String(shownBy[1])}` }),
  };
  if (schema['x-secret'] === true) return { ...base, type: 'secret', stored: isStored };
  if (schema.type === 'boolean') return { ...base, type: 'checkbox', value: value === true };
  if (schema.enum !== undefined)
    return {
      ...base,
      type: 'select',
      options: schema.enum.map((one) => ({ value: one, label: optionLabel(translator, owner, key, one), selected: one === value })),
    };
  if (owner === 'site' && key === 'timeZone') return { ...base, type: 'select', options: timeZoneOptions(String(value)) };
  if (schema.type === 'array') return { ...base, type: 'list', value: Array.isArray(value) ? value.map(String) : [] };
  if (schema.type === 'string')
    return { ...base, type: schema['x-multiline'] === true ? 'textarea' : 'text', value: typeof value === 'string' ? value : '' };
  return { ...base, type: 'number', value: Number(value), min: schema.minimum, max: schema.maximum };
}

/** What a form says about one setting, as the schema's type where that is plain. */
export function settingOfForm(form: Form, key: string, schema: SettingSchema): SettingValue {
  if (schema.type === 'boolean') return form.isChecked(key);
  if (schema.type === 'array')
    return form
      .all(key)
      .flatMap((text) => text.split(/[\n,]/))
      .map((text) => text.trim())
      .filter((text) => text !== '');
  return form.text(key);
}

function optionLabel(translator: Translator, owner: string, key: string, value: string): string {
  if (owner === 'site' && key === 'locale') return new Intl.DisplayNames([translator.locale], { type: 'language' }).of(value) ?? value;
  const text = `settings.${owner}.${key}.${value}`;
  return translator.has(text) ? translator.t(text) : value;
}
