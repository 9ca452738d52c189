import { definePlugin } from '@helpdesk/core/plugin';
import { ask, forgetUnanswered, planAsking } from './asking.ts';
import { ratingOfTicket } from './ratings-repository.ts';
import { ratingRoutes } from './routes.ts';
import { smileySettings } from './settings.ts';

export default definePlugin({
  settings: smileySettings,

  activate(ctx) {
    ctx.hooks.onDurable('ticket.status-changed', 'plan', (changed) => planAsking(ctx, changed));
    ctx.jobs.define('ask', ({ payload }) => ask(ctx, Number(payload['ticketId'])));
    ctx.jobs.define('forget', () => forgetUnanswered(ctx), { everyMs: 86_400_000, lane: 'bulk' });
    ctx.http.portal(ratingRoutes(ctx));
    ctx.ui.slot('ticket.sidebar', {
      template: 'satisfaction-smiley/card',
      load: async ({ ticketId }) => ({ rating: await ratingOfTicket(ctx, ticketId) }),
    });
  },
});
