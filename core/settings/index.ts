export { mailSettings, mailSignInSettings, siteSettings, ticketSettings } from './core-settings.ts';
export { agentsFor, fieldOfSetting, settingOfForm, settingsTitle } from './form-fields.ts';
export { saveScopedForm, scopedGroups, type ScopedGroup } from './scoped-form.ts';
export type {
  SettingSchema,
  SettingScope,
  SettingsUpgrade,
  SettingsOf,
  SettingsSchema,
  SettingValue,
  SettingValues,
} from './schema-types.ts';
export { Secrets } from './secrets.ts';
export { Settings } from './settings.ts';
