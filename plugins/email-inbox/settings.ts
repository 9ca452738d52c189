import { mailPlaceholders, type Mailbox, type PluginContext, type SettingsOf, type SettingsSchema } from '@helpdesk/core/plugin';

const mailText = {
  type: 'string',
  default: '',
  maxLength: 5000,
  'x-scope': 'mailbox',
  'x-multiline': true,
  'x-placeholders': mailPlaceholders,
} as const;
const day = { type: 'string', format: 'date', default: '', pattern: String.raw`^(?:\d{4}-\d{2}-\d{2})?$`, 'x-scope': 'mailbox' } as const;
const list = { type: 'array', items: { type: 'string' }, default: [] } as const;

/** Settings of the site and, where `x-scope` says so, of each mailbox; how a mailbox receives is in its own form. */
export const inboxSettings = {
  sharedMail: { type: 'string', enum: ['share', 'split'], default: 'share' },
  alertMinutes: { type: 'integer', default: 15, minimum: 1, maximum: 1440, 'x-unit': 'unit.minutes' },
  maxMailMegabytes: { type: 'integer', default: 40, minimum: 1, maximum: 200, 'x-unit': 'unit.megabytes' },
  parseSeconds: { type: 'integer', default: 20, minimum: 1, maximum: 300, 'x-unit': 'unit.seconds' },
  parseMegabytes: { type: 'integer', default: 512, minimum: 48, maximum: 4096, 'x-unit': 'unit.megabytes' },
  blockedSenders: list,
  allowedSenders: list,
  listener: { type: 'string', enum: ['off', 'lmtp', 'smtp'], default: 'off' },
  listenerAddress: { type: 'string', default: '127.0.0.1', pattern: String.raw`^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1)$` },
  listenerPort: { type: 'integer', default: 2424, minimum: 1, maximum: 65_535 },
  acknowledgementText: mailText,
  replyOpening: mailText,
  awayFrom: day,
  awayUntil: day,
  awayText: mailText,
  defaultAssignee: { type: 'string', default: '', maxLength: 320, 'x-people': 'agents', 'x-scope': 'mailbox' },
  defaultTags: { ...list, 'x-scope': 'mailbox' },
  mailboxBlocked: { ...list, 'x-scope': 'mailbox' },
  mailboxAllowed: { ...list, 'x-scope': 'mailbox' },
  generatedReopens: { type: 'boolean', default: false, 'x-scope': 'mailbox' },
  listMail: { type: 'string', enum: ['ticket', 'ignore'], default: 'ticket', 'x-scope': 'mailbox' },
  trustSpamHeaders: { type: 'boolean', default: false, 'x-scope': 'mailbox' },
  agentReplies: { type: 'string', enum: ['reply', 'note'], default: 'reply', 'x-scope': 'mailbox' },
} as const satisfies SettingsSchema;

/** The context of this plugin, with its settings. */
export type InboxContext = PluginContext<typeof inboxSettings>;

/** What one mailbox chose, over the settings of the site. */
export function settingsOf(ctx: InboxContext, mailbox: Pick<Mailbox, 'id'>): Promise<SettingsOf<typeof inboxSettings>> {
  return ctx.settings.get({ kind: 'mailbox', id: mailbox.id });
}
