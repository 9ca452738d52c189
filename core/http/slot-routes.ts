import type { App } from '../app.ts';
import { Invalid, NotFound } from '../kernel/errors.ts';
import type { SlotName } from '../kernel/slots.ts';
import { seeTicket } from '../tickets/index.ts';
import type { UserActor } from '../users/index.ts';
import { signedIn, type Middleware } from './request-state.ts';
import { Router } from './router.ts';

const publicSlots = /^(auth|portal)\./;

/** Parts of a page that a plugin did not load in time: the browser asks for each by itself. */
export function slotRoutes({ desk, pages }: App): Middleware {
  return new Router()
    .get('/slots/:slot/:plugin', async (ctx) => {
      const slot = ctx.params['slot'] ?? '';
      const input = inputFrom(ctx.URL.searchParams.get('input') ?? '{}');
      if (!publicSlots.test(slot)) {
        const { actor } = signedIn(ctx);
        if (actor.role !== 'agent') throw new NotFound('http.not-found');
      }
      if (typeof input['ticketId'] === 'number') await seeTicket(desk, signedIn(ctx).actor, input['ticketId']);
      if (typeof input['userId'] === 'number') refuseForeign(signedIn(ctx).actor, input['userId']);
      await pages.lateSlot(ctx, slot as SlotName, ctx.params['plugin'] ?? '', input);
    })
    .middleware();
}

/** @throws Invalid `http.bad-address`: the input comes from our own page, so anything else was made up. */
function inputFrom(text: string): Readonly<Record<string, unknown>> {
  try {
    const input: unknown = JSON.parse(text);
    if (typeof input === 'object' && input !== null && !Array.isArray(input) && Object.entries(input).every(isPlainId))
      return input as Readonly<Record<string, unknown>>;
  } catch {
    // Falls through to the refusal.
  }
  throw new Invalid('http.bad-address');
}

// Ids are checked as numbers, so one in another shape ("7") would reach the plugin unchecked.
function isPlainId([key, value]: readonly [string, unknown]): boolean {
  return !key.endsWith('Id') || value === null || Number.isSafeInteger(value);
}

function refuseForeign(actor: UserActor, userId: number): void {
  if (actor.role !== 'agent' && actor.userId !== userId) throw new NotFound('http.not-found');
}
