import { PassThrough } from 'node:stream';
import type { App } from '../app.ts';
import { resumeSession } from '../auth/index.ts';
import { sessionCookie } from '../http/cookies.ts';
import type { Context, Middleware } from '../http/request-state.ts';
import { Router } from '../http/router.ts';
import type { Desk } from '../desk.ts';
import { ticketsFor } from '../tickets/index.ts';
import { isAllowed, type UserActor } from '../users/index.ts';
import { Pulse, type Beat } from './pulse.ts';

const heartbeatMs = 25_000;

/**
 * The stream of topics for open pages (server-sent events, WHATWG HTML section 9.2). Only names of
 * topics travel, and only those of what the reader may see.
 */
export function liveRoutes({ desk }: App): Middleware {
  const pulse = new Pulse(desk);
  return new Router().get('/events', (ctx) => stream(desk, pulse, ctx)).middleware();
}

async function stream(desk: Desk, pulse: Pulse, ctx: Context): Promise<void> {
  const { actor } = ctx.state;
  if (actor === undefined) {
    // 204 tells the browser not to come back (section 9.2.3).
    ctx.status = 204;
    return;
  }
  const token = ctx.cookies.get(sessionCookie(ctx.state.isSecure)) ?? '';
  const out = new PassThrough();
  ctx.set({ 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' });
  ctx.status = 200;
  ctx.body = out;
  out.write('retry: 3000\n\n');

  const send = async (beat: Beat): Promise<void> => {
    const topics = await topicsFor(desk, actor, beat);
    if (topics.length > 0 && !out.destroyed) out.write(`id: ${beat.lastEventId}\n${topics.map((topic) => `data: ${topic}\n`).join('')}\n`);
  };
  const report = (error: unknown): void => desk.log.warn('Live news could not be sent.', { error });
  const leave = await pulse.listen((beat) => void send(beat).catch(report));
  const heartbeat = setInterval(() => {
    resumeSession(desk, token)
      .then((resumed) => (resumed === undefined ? out.end() : out.write(': still here\n\n')))
      .catch(report);
  }, heartbeatMs).unref();
  const stop = (): void => {
    clearInterval(heartbeat);
    leave();
  };
  out.once('close', stop);
  ctx.req.once('close', () => out.destroy());
  if (out.destroyed || ctx.req.destroyed) stop();
  // A browser that comes back says itself how far it came; a page that opens the stream says what it shows.
  const shown = Number(ctx.get('Last-Event-ID') || ctx.query['since']);
  if (!Number.isSafeInteger(shown) || shown <= 0) return;
  const missed = await pulse.since(shown);
  // Notifications come with events, and are told by no event of their own.
  if (missed.tickets.length > 0) await send({ ...missed, topics: [`user:${actor.userId}`] });
}

async function topicsFor(desk: Desk, actor: UserActor, { tickets, topics }: Beat): Promise<readonly string[]> {
  const visible = await visibleNumbers(desk, actor, tickets);
  const isAgent = actor.role === 'agent' && isAllowed(actor, 'tickets.view');
  return [
    ...visible.map((number) => `ticket:${number}`),
    ...(isAgent && tickets.length > 0 ? ['view:counts'] : []),
    ...topics.filter((topic) => topic === `user:${actor.userId}` || (isAgent && topic.startsWith('presence:'))),
  ];
}

// Agents see every ticket or none; for customers the one door decides.
async function visibleNumbers(desk: Desk, actor: UserActor, tickets: Beat['tickets']): Promise<readonly number[]> {
  if (tickets.length === 0) return [];
  if (actor.role === 'agent') return isAllowed(actor, 'tickets.view') ? tickets.map(({ number }) => number) : [];
  return ticketsFor(desk.storage.read, actor)
    .whereIn(
      'tickets.id',
      tickets.map(({ id }) => id),
    )
    .pluck('tickets.number');
}
