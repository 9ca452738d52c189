import type { MailOriginals } from '@helpdesk/core/plugin';
import { contentOfMail } from './mail-content.ts';
import { mailOfMessage } from './mails-repository.ts';
import { readArrival, shapeIncoming } from './receiving.ts';
import type { InboxContext } from './settings.ts';

/**
 * Reads the mails of messages again as if they came now: parsed, shaped by the plugins that are active, split. Where the
 * text comes out otherwise than it is stored, somebody changed the message or a plugin that is gone did, and the mail is
 * not taken.
 */
export function originals(ctx: InboxContext): MailOriginals {
  return {
    async htmlOf({ id, text }) {
      const stored = await mailOfMessage(ctx, id);
      if (stored === undefined) return undefined;
      const arrival = await readArrival(ctx, stored, {});
      const shaped = await shapeIncoming(ctx, arrival);
      const content = contentOfMail({ ...arrival.mail, text: shaped.text, html: shaped.html });
      return content.text === text ? content.html : undefined;
    },
  };
}
