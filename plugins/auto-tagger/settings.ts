import type { PluginContext, SettingsSchema } from '@helpdesk/core/plugin';

export const taggerSettings = {
  /** One rule a line: words, an equals sign, the tag. */
  rules: { type: 'array', items: { type: 'string' }, default: ['invoice, fatura = billing', 'parcel, delivery, kargo = shipping'] },
  readsMessage: { type: 'boolean', default: true },
} as const satisfies SettingsSchema;

export type TaggerContext = PluginContext<typeof taggerSettings>;
