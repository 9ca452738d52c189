import type { SettingsSchema } from './schema-types.ts';

export const siteSettings = {
  name: { type: 'string', default: 'Helpdesk', minLength: 1, maxLength: 80 },
  locale: { type: 'string', enum: ['en', 'tr'], default: 'en' },
  timeZone: { type: 'string', default: 'UTC', maxLength: 60 },
  theme: { type: 'string', default: 'default', maxLength: 60, 'x-hidden': true },
  /** What the chosen theme extended when it was chosen: the portal falls back to them if it disappears. */
  themeParents: { type: 'array', items: { type: 'string' }, default: [], 'x-hidden': true },
  /** When options of a theme were published last: other processes read them anew then. */
  themePublished: { type: 'number', default: 0, 'x-hidden': true },
  /** `<template>=<plugin>`: which of two plugins that replace one page does. */
  templateOwners: { type: 'array', items: { type: 'string' }, default: [], 'x-hidden': true },
} as const satisfies SettingsSchema;

export const ticketSettings = {
  undoSeconds: { type: 'integer', default: 10, minimum: 0, maximum: 60, 'x-unit': 'unit.seconds' },
  reopenDays: { type: 'integer', default: 14, minimum: 0, maximum: 3650, 'x-unit': 'unit.days' },
  quoteHistory: { type: 'string', enum: ['none', 'last', 'all'], default: 'last', 'x-scope': 'mailbox' },
  senderName: { type: 'string', enum: ['mailbox', 'agent'], default: 'mailbox', 'x-scope': 'mailbox' },
  maxUploadMegabytes: { type: 'integer', default: 25, minimum: 1, maximum: 200, 'x-unit': 'unit.megabytes' },
} as const satisfies SettingsSchema;

/** Clients of this desk at the providers whose mailboxes sign in in the browser. */
export const mailSignInSettings = {
  googleClientId: { type: 'string', default: '', maxLength: 300 },
  googleClientSecret: { type: 'string', 'x-secret': true, maxLength: 300 },
  microsoftClientId: { type: 'string', default: '', maxLength: 300 },
  microsoftClientSecret: { type: 'string', 'x-secret': true, maxLength: 300 },
  microsoftTenant: { type: 'string', default: 'common', maxLength: 100 },
  otherClientId: { type: 'string', default: '', maxLength: 300 },
  otherClientSecret: { type: 'string', 'x-secret': true, maxLength: 300 },
  otherAuthorizeUrl: { type: 'string', default: '', maxLength: 1000 },
  otherTokenUrl: { type: 'string', default: '', maxLength: 1000 },
  otherScopes: { type: 'string', default: '', maxLength: 1000 },
} as const satisfies SettingsSchema;

export const mailSettings = {
  from: { type: 'string', default: '', maxLength: 320 },
  smtp: { type: 'string', 'x-secret': true, maxLength: 1000 },
  automaticPerHour: { type: 'integer', default: 5, minimum: 1, maximum: 1000 },
  automaticPerDay: { type: 'integer', default: 20, minimum: 1, maximum: 10_000 },
  automaticPerTicket: { type: 'integer', default: 10, minimum: 1, maximum: 1000 },
  automaticPerDesk: { type: 'integer', default: 2000, minimum: 1, maximum: 1_000_000 },
  acknowledgementMinutes: { type: 'integer', default: 60, minimum: 1, maximum: 1440, 'x-unit': 'unit.minutes' },
  acknowledgementsPerDay: { type: 'integer', default: 5, minimum: 1, maximum: 1000 },
  floodTickets: { type: 'integer', default: 20, minimum: 1, maximum: 10_000 },
  floodMinutes: { type: 'integer', default: 10, minimum: 1, maximum: 1440, 'x-unit': 'unit.minutes' },
} as const satisfies SettingsSchema;
