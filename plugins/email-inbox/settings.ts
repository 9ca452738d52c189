import type { PluginContext, SettingsSchema } from '@helpdesk/core/plugin';

/** Settings for all mailboxes; what one mailbox needs is in its own form. */
export const inboxSettings = {
  sharedMail: { type: 'string', enum: ['share', 'split'], default: 'share' },
  agentReplies: { type: 'string', enum: ['reply', 'note'], default: 'reply' },
  alertMinutes: { type: 'integer', default: 15, minimum: 1, maximum: 1440, 'x-unit': 'unit.minutes' },
  maxMailMegabytes: { type: 'integer', default: 40, minimum: 1, maximum: 200, 'x-unit': 'unit.megabytes' },
  blockedSenders: { type: 'array', items: { type: 'string' }, default: [] },
  trustSpamHeaders: { type: 'boolean', default: false },
} as const satisfies SettingsSchema;

/** The context of this plugin, with its settings. */
export type InboxContext = PluginContext<typeof inboxSettings>;
