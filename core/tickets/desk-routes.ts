import type { App } from '../app.ts';
import type { Middleware } from '../http/request-state.ts';
import { Router } from '../http/router.ts';
import { changeRoutes } from './desk-change-routes.ts';
import { messageRoutes } from './desk-message-routes.ts';
import { messageFrameRoutes } from './message-frame-routes.ts';
import { newTicketRoutes } from './desk-new-routes.ts';
import { relationRoutes } from './desk-relation-routes.ts';
import { showTicket } from './ticket-page.ts';

/** The agent's pages of one ticket. A new one comes first: its address would else be taken for a number. */
export function ticketDeskRoutes(app: App): readonly Middleware[] {
  const page = new Router().get('/desk/tickets/:number', (ctx) => showTicket(app, ctx)).middleware();
  return [newTicketRoutes(app), page, changeRoutes(app), messageRoutes(app), messageFrameRoutes(app), relationRoutes(app)];
}
