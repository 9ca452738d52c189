import { findReceiver } from './receivers-repository.ts';
import type { InboxContext } from './settings.ts';

/** The receiving part on the page of a mailbox: its state, and the way to its own form. */
export function mailboxLink(ctx: InboxContext) {
  return {
    template: 'email-inbox/mailbox-link',
    permission: 'settings.manage',
    async load({ mailboxId }: { readonly mailboxId: number | null }): Promise<object> {
      if (mailboxId === null) return { isNew: true };
      const receiver = await findReceiver(ctx, mailboxId);
      return {
        href: `/admin/p/email-inbox/mailboxes/${mailboxId}`,
        state: { key: receiver === undefined ? 'email-inbox.state.none' : `email-inbox.state.${receiver.state}` },
        lastFetchAt: receiver?.lastFetchAt ?? undefined,
        error: receiver?.lastError ?? undefined,
      };
    },
  };
}
