import { seedTickets, writeDemo } from '@helpdesk/core/operator';
import { Misused, type Command } from '../command.ts';

export const samplesCommands: readonly Command[] = [
  {
    name: 'demo',
    summary: 'Fills an empty desk with a small business to look around in.',
    run: async ({ desk }) => writeDemo((await desk({ isStarted: false })).desk),
  },
  {
    name: 'seed',
    summary: 'Adds many tickets, for measuring.',
    options: { tickets: { value: 'number', help: 'How many.', isRequired: true } },
    run: async ({ desk, io, options, progress }) => {
      const count = Number(options['tickets']);
      if (!Number.isSafeInteger(count) || count < 1 || count > 10_000_000)
        throw new Misused(`The number of tickets is from 1 to 10000000, not "${String(options['tickets'])}".`);
      const app = await desk({ isStarted: false });
      const startedAt = io.clock.now();
      await seedTickets(app.desk, count, (done) => progress(`${done} of ${count} tickets`));
      return { tickets: count, seconds: (io.clock.now() - startedAt) / 1000 };
    },
  },
];
