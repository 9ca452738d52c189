import type { Desk } from '../desk.ts';
import type { Form } from '../http/body.ts';
import type { Translator } from '../i18n/index.ts';
import type { FieldView, Sentence } from '../ui/types.ts';
import { agentsFor, fieldOfSetting, settingOfForm, settingsTitle } from './form-fields.ts';
import type { SettingScope, SettingSchema, SettingValue } from './schema-types.ts';

/** Settings of one owner for one mailbox or person, as a part of a form. */
export interface ScopedGroup {
  readonly owner: string;
  readonly title: Sentence;
  readonly fields: readonly FieldView[];
}

/** The fields that plugins want set for one mailbox or person; names carry the owner, for all stand in one form. */
export async function scopedGroups(
  desk: Pick<Desk, 'settings' | 'storage'>,
  scope: SettingScope,
  translator: Translator,
  form?: Form,
): Promise<readonly ScopedGroup[]> {
  const { settings } = desk;
  const groups: ScopedGroup[] = [];
  for (const owner of settings.owners()) {
    const entries = entriesOf(settings.schemaOf(owner), scope);
    if (entries.length === 0) continue;
    const values: Readonly<Record<string, unknown>> = await settings.get(owner, scope);
    const agents = await agentsFor(desk, Object.fromEntries(entries));
    const fields = entries.map(([key, schema]) => {
      const name = `${owner}.${key}`;
      const value = form === undefined ? values[key] : settingOfForm(form, name, schema);
      return { ...fieldOfSetting({ owner, key, schema, translator, value, isStored: false, agents }), name };
    });
    groups.push({ owner, title: settingsTitle(translator, owner), fields });
  }
  return groups;
}

/**
 * Stores what such a form says; `judge` may refuse by the owners for whom it changes something.
 *
 * @throws Invalid `settings.invalid` naming the fields of the form, and what `judge` throws.
 */
export async function saveScopedForm(
  { settings }: Pick<Desk, 'settings'>,
  scope: SettingScope,
  form: Form,
  judge?: (owners: readonly string[]) => void,
): Promise<void> {
  const changes = new Map<string, Readonly<Record<string, SettingValue>>>();
  for (const owner of settings.owners()) {
    // A choice that the form did not offer was not made.
    const made = entriesOf(settings.schemaOf(owner), scope).filter(
      ([key, schema]) => schema.enum === undefined || form.has(`${owner}.${key}`),
    );
    if (made.length === 0) continue;
    const stored: Readonly<Record<string, unknown>> = await settings.get(owner, scope);
    const said = made.map(([key, schema]) => [key, settingOfForm(form, `${owner}.${key}`, schema)] as const);
    // What already holds is left to hold from wherever it comes: the site's choice stays the site's.
    const changed = said.filter(([key, value]) => inWords(value) !== inWords(stored[key]));
    if (changed.length > 0) changes.set(owner, Object.fromEntries(changed));
  }
  judge?.([...changes.keys()]);
  for (const [owner, values] of changes) await settings.set(owner, values, scope);
}

// A form says numbers in text, nothing with an empty one, and ends its lines in its own way.
function inWords(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.replaceAll(/\r\n?/g, '\n'));
  return JSON.stringify(typeof value === 'number' ? String(value) : (value ?? ''));
}

function entriesOf(all: Readonly<Record<string, SettingSchema>>, { kind }: SettingScope): readonly [string, SettingSchema][] {
  return Object.entries(all).filter(([, schema]) => schema['x-scope'] === kind);
}
