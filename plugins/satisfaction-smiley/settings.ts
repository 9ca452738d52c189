import type { PluginContext, SettingsSchema } from '@helpdesk/core/plugin';

export const smileySettings = {
  delayHours: { type: 'integer', default: 24, minimum: 0, maximum: 720, 'x-unit': 'unit.hours' },
  restDays: { type: 'integer', default: 14, minimum: 0, maximum: 365, 'x-unit': 'unit.days' },
} as const satisfies SettingsSchema;

export type SmileyContext = PluginContext<typeof smileySettings>;
