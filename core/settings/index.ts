export { mailSettings, siteSettings, ticketSettings } from './core-settings.ts';
export type { SettingSchema, SettingsOf, SettingsSchema, SettingValue, SettingValues } from './schema-types.ts';
export { Secrets } from './secrets.ts';
export { Settings } from './settings.ts';
