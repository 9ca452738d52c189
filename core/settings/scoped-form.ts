import type { Desk } from '../desk.ts';
import type { Form } from '../http/body.ts';
import type { Translator } from '../i18n/index.ts';
import type { FieldView, Sentence } from '../ui/types.ts';
import { agentsFor, fieldOfSetting, settingOfForm, textOr } from './form-fields.ts';
import type { SettingScope, SettingSchema } from './schema-types.ts';

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
    groups.push({ owner, title: textOr(translator, `settings.${owner}.title`, owner), fields });
  }
  return groups;
}

/** Stores what such a form says. @throws Invalid `settings.invalid` naming the fields of the form. */
export async function saveScopedForm(desk: Pick<Desk, 'settings'>, scope: SettingScope, form: Form): Promise<void> {
  for (const owner of desk.settings.owners()) {
    const entries = entriesOf(desk.settings.schemaOf(owner), scope);
    if (entries.length === 0) continue;
    // A choice that the form did not offer was not made.
    const made = entries.filter(([key, schema]) => schema.enum === undefined || form.has(`${owner}.${key}`));
    const values = Object.fromEntries(made.map(([key, schema]) => [key, settingOfForm(form, `${owner}.${key}`, schema)]));
    await desk.settings.set(owner, values, scope);
  }
}

function entriesOf(all: Readonly<Record<string, SettingSchema>>, { kind }: SettingScope): readonly [string, SettingSchema][] {
  return Object.entries(all).filter(([, schema]) => schema['x-scope'] === kind);
}
