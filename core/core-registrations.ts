import { authActions, authDecisions } from './auth/index.ts';
import type { Desk } from './desk.ts';
import { durableJobName } from './events/index.ts';
import { filesFilters, removeUnused, sweepFiles } from './files/index.ts';
import { sweepJobs } from './jobs/index.ts';
import type { HookBus } from './kernel/hook-bus.ts';
import type { Snapshot } from './kernel/snapshot.ts';
import { keepCopy, mailActions, mailDecisions, mailFilters, sendOutboxEntry, sweepLoopGuard } from './mail/index.ts';
import { notify, notifyingHandler } from './notifications/index.ts';
import { pluginsActions } from './plugins/index.ts';
import { privacyActions } from './privacy/index.ts';
import { pluginActions } from './plugin-events.ts';
import { sanitizeStored, ticketsActions, ticketsDecisions, ticketsFilters, wake } from './tickets/index.ts';
import { usersActions } from './users/index.ts';

/** The hooks that core's features call. */
export function defineCoreHooks(hooks: HookBus): void {
  for (const name of [
    ...ticketsActions,
    ...usersActions,
    ...authActions,
    ...mailActions,
    ...pluginsActions,
    ...privacyActions,
    ...pluginActions,
  ])
    hooks.define('action', name);
  for (const name of [...ticketsFilters, ...mailFilters, ...filesFilters]) hooks.define('filter', name);
  for (const name of [...ticketsDecisions, ...authDecisions, ...mailDecisions]) hooks.define('decision', name);
}

/** The jobs of core's features, and how often the recurring ones run. */
export function defineCoreJobs(desk: Desk): void {
  const { jobRegistry, cron } = desk;
  jobRegistry.define({ name: 'mail.send', plugin: null, run: (job) => sendOutboxEntry(desk, job) });
  jobRegistry.define({ name: 'mail.keep-copy', plugin: null, run: (job) => keepCopy(desk, job) });
  jobRegistry.define({ name: 'tickets.wake', plugin: null, run: (job) => wake(desk, job.payload) });
  jobRegistry.define({ name: durableJobName('core', notifyingHandler), plugin: null, run: (job) => notify(desk, job) });
  jobRegistry.define({ name: 'jobs.sweep', plugin: null, run: async () => void (await sweepJobs(desk.storage, desk.clock)) });
  jobRegistry.define({ name: 'files.sweep', plugin: null, run: async () => void (await sweepFiles(desk)) });
  jobRegistry.define({
    name: 'files.remove',
    plugin: null,
    run: ({ payload }) => removeUnused(desk, payload['hashes'] as readonly string[]),
  });
  jobRegistry.define({ name: 'messages.sanitize', plugin: null, run: async () => void (await sanitizeStored(desk)) });
  cron.add({ name: 'messages.sanitize', plugin: null, everyMs: 300_000, lane: 'bulk' });
  jobRegistry.define({ name: 'mail.sweep', plugin: null, run: () => sweepLoopGuard(desk) });
  cron.add({ name: 'mail.sweep', plugin: null, everyMs: 3_600_000, lane: 'bulk' });
  cron.add({ name: 'files.sweep', plugin: null, everyMs: 3_600_000, lane: 'bulk' });
  cron.add({ name: 'jobs.sweep', plugin: null, everyMs: 3_600_000, lane: 'bulk' });
}

/** Durable handlers of running plugins are jobs; those of plugins that are switched off wait in the table. */
export function durableSource(hooks: HookBus, snapshot: () => Snapshot) {
  const split = (name: string): readonly [string, string] => [name.slice(0, name.indexOf(':')), name.slice(name.indexOf(':') + 1)];
  return {
    names: () => snapshot().plugins.flatMap(({ id }) => hooks.declarations(id).map(({ handler }) => durableJobName(id, handler))),
    get: (name: string) => {
      const [plugin, handler] = split(name);
      const run = hooks.durable(plugin, handler);
      if (run === undefined) return undefined;
      return {
        name,
        plugin,
        run: async (job: { readonly payload: Readonly<Record<string, unknown>>; readonly attempts: number }) => {
          const { eventId, occurredAt, payload } = job.payload as { eventId: number; occurredAt: number; payload: unknown };
          await run(payload, { eventId, at: occurredAt, attempt: job.attempts });
        },
      };
    },
  };
}
