import type { Desk } from '../desk.ts';
import type { Form } from '../http/body.ts';
import { timeZoneOptions, type Translator } from '../i18n/index.ts';
import { listPlaceholders } from '../kernel/placeholders.ts';
import type { FieldView, Sentence } from '../ui/types.ts';
import { listAgents, type User } from '../users/index.ts';
import type { SettingSchema, SettingsSchema, SettingValue } from './schema-types.ts';

export interface SettingField {
  readonly owner: string;
  readonly key: string;
  readonly schema: SettingSchema;
  readonly translator: Translator;
  readonly value: unknown;
  /** Whether a secret is stored; it is never sent to the browser. */
  readonly isStored: boolean;
  /** Whom settings with `x-people` may name. */
  readonly agents: readonly User[];
}

/** The form field that a setting's schema describes. */
export function fieldOfSetting({ owner, key, schema, translator, value, isStored, agents }: SettingField): FieldView {
  const label = textOr(translator, schema['x-label'] ?? `settings.${owner}.${key}`, schema.title ?? wordsOf(key));
  const help = textOr(translator, schema['x-help'] ?? `settings.${owner}.${key}.help`, schema.description);
  const placeholders = schema['x-placeholders'];
  const [shownBy] = Object.entries(schema['x-showIf'] ?? {});
  const base = {
    name: key,
    label,
    help: placeholders === undefined ? help : { ...help, params: { placeholders: listPlaceholders(placeholders) } },
    ...(schema['x-unit'] === undefined ? {} : { unit: { key: schema['x-unit'] } }),
    ...(shownBy === undefined ? {} : { showIf: `${shownBy[0]}=${String(shownBy[1])}` }),
  };
  if (schema['x-secret'] === true)
    return {
      ...base,
      type: 'secret',
      stored: isStored,
      ...(typeof value === 'string' && value !== '' && { help: { key: 'ui.secret-again' } }),
    };
  if (schema.type === 'boolean') return { ...base, type: 'checkbox', value: value === true };
  if (schema.enum !== undefined)
    return {
      ...base,
      type: 'select',
      options: schema.enum.map((one) => ({ value: one, label: optionLabel(translator, owner, key, one), selected: one === value })),
    };
  if (schema['x-people'] !== undefined) return { ...base, type: 'select', options: peopleOptions(translator, agents, String(value)) };
  if (owner === 'site' && key === 'timeZone') return { ...base, type: 'select', options: timeZoneOptions(String(value)) };
  if (schema.type === 'array') return { ...base, type: 'list', value: Array.isArray(value) ? value.map(String) : [] };
  if (schema.type === 'string')
    return {
      ...base,
      type: schema['x-multiline'] === true ? 'textarea' : schema.format === 'date' ? 'date' : 'text',
      value: typeof value === 'string' ? value : '',
    };
  return { ...base, type: 'number', value: Number(value), min: schema.minimum, max: schema.maximum };
}

/** The agents, where one of the settings names somebody. */
export async function agentsFor({ storage }: Pick<Desk, 'storage'>, schema: SettingsSchema): Promise<readonly User[]> {
  return Object.values(schema).some((one) => one['x-people'] !== undefined) ? listAgents(storage.read) : [];
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

/** The catalog's text, or a plain one where it has none: people are never shown a key. */
export function textOr(translator: Translator, key: string, plain: string | undefined): Sentence {
  return translator.has(key) || plain === undefined ? { key } : { key, text: plain };
}

/** What the settings of an owner are called: a plugin names its page `settings.<owner>.title`, those of core are `settings.<owner>`. */
export function settingsTitle(translator: Translator, owner: string): Sentence {
  const title = `settings.${owner}.title`;
  return translator.has(title) ? { key: title } : textOr(translator, `settings.${owner}`, owner);
}

// delayHours: "Delay hours".
function wordsOf(key: string): string {
  const words = key
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll(/[._-]+/g, ' ')
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

// Somebody who was chosen and left stays in the list, so that saving the form does not choose for them.
function peopleOptions(translator: Translator, agents: readonly User[], chosen: string) {
  const named = agents.flatMap(({ name, email }) => (email === null ? [] : [{ value: email, label: `${name} (${email})` }]));
  const known = named.find(({ value }) => value.toLowerCase() === chosen.trim().toLowerCase());
  const gone = chosen.trim() === '' || known !== undefined ? [] : [{ value: chosen, label: chosen }];
  return [{ value: '', label: translator.t('ticket.assignee.nobody') }, ...named, ...gone].map((option) => ({
    ...option,
    selected: option.value === (known?.value ?? chosen),
  }));
}

function optionLabel(translator: Translator, owner: string, key: string, value: string): string {
  if (owner === 'site' && key === 'locale') return new Intl.DisplayNames([translator.locale], { type: 'language' }).of(value) ?? value;
  const text = `settings.${owner}.${key}.${value}`;
  return translator.has(text) ? translator.t(text) : value;
}
