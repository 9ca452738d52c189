import { isEmailAddress, Invalid, NotFound, signedIn, type Route } from '@helpdesk/core/plugin';
import type { InboxContext } from './settings.ts';

/*
 * A mail that an agent passed on without the header block of the customer's mail opens a ticket of the agent. The desk
 * then asks who the customer is (mail.md W1).
 */

const flag = 'unnamed-forward';

/** The card that asks, as long as the ticket is still the agent's own. */
export function customerCard(ctx: InboxContext) {
  return {
    template: 'email-inbox/customer-card',
    permission: 'tickets.edit',
    async load({ ticketId, requesterId }: { readonly ticketId: number; readonly requesterId: number }): Promise<object> {
      const requester = await ctx.users.get(requesterId);
      if (requester?.role.kind !== 'agent') return {};
      const messages = await ctx.tickets.latestMessages(ticketId, 20);
      const isAsked = messages.some(({ flags, authorId }) => flags.includes(flag) && authorId === requesterId);
      return isAsked ? { action: `/desk/p/email-inbox/tickets/${ticketId}/customer`, agent: requester.name } : {};
    },
  };
}

/** Makes somebody else the customer of a ticket. */
export function customerRoutes(ctx: InboxContext): readonly Route[] {
  return [
    {
      method: 'post',
      path: '/tickets/:id/customer',
      permission: 'tickets.edit',
      handler: async (request) => {
        const { actor } = signedIn(request);
        const form = await ctx.http.form(request);
        const email = form.text('email').trim();
        if (!isEmailAddress(email)) throw new Invalid('users.email-invalid', { email, fields: ['email'] });
        const ticket = await ctx.tickets.get(actor, Number(request.params['id']) || 0);
        if (ticket.mergedIntoId !== null) throw new NotFound('http.not-found');
        await ctx.tickets.edit(actor, ticket.id, { requester: { email, name: form.optional('name') } });
        request.redirect(`/desk/tickets/${ticket.number}`);
        request.status = 303;
      },
    },
  ];
}
