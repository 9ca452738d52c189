import type { MailParser } from '@helpdesk/core/plugin';

/**
 * The parser without its thread, for measuring; mails that arrive are read by `MailParser`. What reads mails is loaded
 * when something is measured, not with every desk.
 */
export const plainParser: MailParser = {
  parse: async (raw) => (await import('./parsing.ts')).parseMail(raw),
  parseBare: async (raw) => (await import('postal-mime')).default.parse(raw),
};
