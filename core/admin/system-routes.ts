import type { App } from '../app.ts';
import { setFlash } from '../http/cookies.ts';
import type { Context, Middleware } from '../http/request-state.ts';
import { Router } from '../http/router.ts';
import { eventsAfter } from '../events/index.ts';
import { listJobs, queueDepth, retryJobs } from '../jobs/index.ts';
import { listMailboxes } from '../mail/index.ts';
import { coreVersion } from '../paths.ts';
import { ticketCounts } from '../tickets/index.ts';
import { findUsers, listUsers } from '../users/index.ts';
import { liveProcesses } from '../kernel/plugins-repository.ts';
import { administrator, renderAdmin, see } from './admin-page.ts';
import { healthChecks } from './health-checks.ts';
import type { HealthView, JobListView } from './system-views.ts';
import type { Health } from './views.ts';

/** The first page of the administration, health, jobs and outbox. */
export function systemRoutes(app: App): Middleware {
  const { desk } = app;

  return new Router()
    .get('/admin', async (ctx) => {
      administrator(ctx, 'system.view');
      const checks = await healthChecks(app, ctx.state.translator);
      const mailboxes = await listMailboxes(desk.storage.read);
      const agents = await listUsers(desk.storage.read, { kind: 'agent', limit: 2 });
      const counts = await ticketCounts(desk.storage.read);
      const sum = (bucket: string): number => counts.filter((one) => one.bucket === bucket).reduce((total, one) => total + one.tickets, 0);
      await renderAdmin(app, ctx, {
        template: 'admin/overview',
        title: { key: 'admin.overview' },
        view: {
          version: coreVersion,
          steps: [
            { text: { key: 'admin.step.mailbox' }, done: mailboxes.length > 0, href: '/admin/mailboxes/new' },
            { text: { key: 'admin.step.invite' }, done: agents.length > 1, href: '/admin/people/invite' },
            { text: { key: 'admin.step.look' }, done: false, href: '/admin/themes' },
          ],
          health: worst(checks.map(({ health }) => health)),
          problems: checks.filter(({ health }) => health !== 'good').map(({ text, health }) => ({ text, href: '/admin/health', health })),
          facts: [
            { label: { key: 'view.open' }, value: sum('open'), href: '/desk/inbox/open' },
            { label: { key: 'view.waiting' }, value: sum('waiting'), href: '/desk/inbox/waiting' },
            { label: { key: 'view.spam' }, value: sum('spam'), href: '/desk/inbox/spam' },
          ],
          recent: await recentChanges(app, ctx),
        },
        slots: { names: ['admin.overview'], input: {} },
      });
    })
    .get('/admin/health', async (ctx) => {
      administrator(ctx, 'system.view');
      const checks = await healthChecks(app, ctx.state.translator);
      const depth = await queueDepth(desk.storage.read);
      const processes = await liveProcesses(desk.storage.read, desk.clock.now());
      const outbox: { state: string; n: number }[] = await desk.storage
        .read('outbox')
        .whereIn('state', ['held', 'queued', 'sending', 'uncertain', 'failed'])
        .groupBy('state')
        .select('state')
        .count({ n: '*' });
      const count = (...states: string[]): number =>
        outbox.filter(({ state }) => states.includes(state)).reduce((total, { n }) => total + Number(n), 0);
      const view: HealthView = {
        health: worst(checks.map(({ health }) => health)),
        checks,
        processes: processes.map((row) => ({
          id: row.id,
          kind: row.role,
          host: `${row.host} (${row.pid})`,
          startedAt: row.startedAt,
          seenAt: row.seenAt,
          generation: row.generation,
          behind: row.generation < app.plugins.snapshot.generation,
          current: row.id === app.processId,
        })),
        queue: { waiting: depth.ready, running: depth.active, failed: depth.dead, oldestAt: depth.oldestReadyAt ?? undefined },
        outbox: { waiting: count('held', 'queued', 'sending'), failed: count('failed'), uncertain: count('uncertain') },
      };
      await renderAdmin(app, ctx, {
        template: 'admin/health',
        title: { key: 'admin.health' },
        view,
        slots: { names: ['admin.health'], input: {} },
      });
    })
    .get('/admin/health/jobs', async (ctx) => {
      administrator(ctx, 'system.view');
      const filter = (['waiting', 'running'] as const).find((one) => one === ctx.URL.searchParams.get('filter')) ?? 'failed';
      const jobs = await listJobs(desk.storage.read, filter === 'failed' ? 'dead' : filter === 'waiting' ? 'ready' : 'active');
      const view: JobListView = {
        filter,
        jobs: jobs.map((job) => ({
          id: String(job.id),
          name: job.name,
          pluginId: job.plugin ?? undefined,
          attempts: job.attempts,
          at: job.runAt,
          error: job.error?.split('\n')[0],
          mayRetry: filter === 'failed',
        })),
        paging: {},
      };
      await renderAdmin(app, ctx, { template: 'admin/jobs', title: { key: 'admin.jobs' }, view });
    })
    .post('/admin/health/jobs/retry', (ctx) => retry(ctx))
    .post('/admin/health/jobs/:id/retry', (ctx) => retry(ctx, Number(ctx.params['id']) || 0))
    .get('/admin/health/outbox', async (ctx) => {
      administrator(ctx, 'system.view');
      const filter = (['waiting', 'sent'] as const).find((one) => one === ctx.URL.searchParams.get('filter')) ?? 'failed';
      const states = { failed: ['failed', 'uncertain'], waiting: ['held', 'queued', 'sending'], sent: ['sent'] }[filter];
      const rows = await desk.storage
        .read('outbox')
        .leftJoin('tickets', 'tickets.id', 'outbox.ticket_id')
        .whereIn('outbox.state', states)
        .orderBy('outbox.id', 'desc')
        .limit(100)
        .select('outbox.*', 'tickets.number');
      const mails = rows.map((row) => ({
        id: String(row.id),
        to: (JSON.parse(row.envelope).to ?? []).map(({ email }: { email: string }) => email).join(', '),
        subject: row.subject,
        state: row.state,
        attempts: row.attempts,
        at: row.created_at,
        error: row.error ?? undefined,
        ticketNumber: row.number ?? undefined,
        mayRetry: filter === 'failed',
      }));
      await renderAdmin(app, ctx, { template: 'admin/outbox', title: { key: 'admin.outbox' }, view: { filter, mails, paging: {} } });
    })
    .post('/admin/health/outbox/:id/retry', async (ctx) => {
      await desk.mail.retry(administrator(ctx, 'system.view'), Number(ctx.params['id']) || 0);
      setFlash(ctx, { kind: 'done', key: 'flash.retried' });
      see(ctx, '/admin/health/outbox');
    })
    .middleware();

  async function retry(ctx: Context, id?: number): Promise<void> {
    administrator(ctx, 'system.view');
    await retryJobs(desk.storage, desk.jobs, desk.clock, id);
    setFlash(ctx, { kind: 'done', key: 'flash.retried' });
    see(ctx, '/admin/health/jobs');
  }
}

async function recentChanges({ desk }: App, ctx: Context) {
  const newest = await desk.storage.read('events').max({ id: 'id' }).first();
  const events = (await eventsAfter(desk.storage.read, Math.max(0, Number(newest?.['id'] ?? 0) - 200), 200))
    .filter(({ name }) => /^(user\.created|role\.|organization\.|mailbox\.)/.test(name))
    .slice(-8)
    .toReversed();
  const users = await findUsers(
    desk.storage.read,
    events.flatMap(({ actorId }) => (actorId === null ? [] : [actorId])),
  );
  return events.map((event) => {
    const actor = event.actorId === null ? undefined : users.get(event.actorId);
    const name = actor?.name ?? ctx.state.translator.t('event.system');
    return {
      text: { key: `recent.${event.name}`, params: { actor: name } },
      ...(actor === undefined ? {} : { actor: { id: String(actor.id), name: actor.name } }),
      at: event.occurredAt,
    };
  });
}

function worst(all: readonly Health[]): Health {
  return all.includes('problem') ? 'problem' : all.includes('attention') ? 'attention' : 'good';
}
