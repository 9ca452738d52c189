import { listJobs, NotFound, queueDepth, retryJobs } from '@helpdesk/core/operator';
import { Misused, type Command } from '../command.ts';

const states = ['ready', 'active', 'dead'] as const;

export const jobsCommands: readonly Command[] = [
  {
    name: 'jobs list',
    summary: 'Lists jobs, newest first: those that failed for good, or those of another state.',
    options: { state: { value: 'ready|active|dead', help: 'Default dead.' } },
    run: async ({ desk, options, say }) => {
      const wanted = options['state'] ?? 'dead';
      const state = states.find((one) => one === wanted);
      if (state === undefined) throw new Misused(`The state is one of ${states.join(', ')}, not "${String(wanted)}".`);
      const { desk: parts } = await desk({ isStarted: false });
      const depth = await queueDepth(parts.storage.read);
      say(`${depth.ready} ready, ${depth.active} active, ${depth.dead} dead`);
      return (await listJobs(parts.storage.read, state)).map(({ runAt, ...job }) => ({ ...job, runAt: new Date(runAt).toISOString() }));
    },
  },
  {
    name: 'jobs retry',
    summary: 'Gives a dead job, or all of them, a new set of attempts.',
    args: ['[<id>]'],
    run: async ({ desk, args: [id] }) => {
      if (id !== undefined && !/^\d{1,15}$/.test(id)) throw new Misused(`The id of a job is a number, not "${id}".`);
      const { desk: parts } = await desk({ isStarted: false });
      const retried = await retryJobs(parts.storage, parts.jobs, parts.clock, ...(id === undefined ? [] : [Number(id)]));
      if (id !== undefined && retried === 0) throw new NotFound('jobs.not-found', { message: `There is no dead job ${id}.` });
      return { retried };
    },
  },
  {
    name: 'jobs drain',
    summary: 'Runs every job that is due, in this process, and ends.',
    run: async ({ desk }) => ({ ran: await (await desk()).worker.drain() }),
  },
];
