import { serve } from '../serving.ts';
import type { Command } from '../command.ts';

export const start: Command = {
  name: 'start',
  summary: 'Runs the desk: pages and background work, in one process unless told otherwise.',
  options: {
    web: { help: 'Answer requests only; another process works.' },
    work: { help: 'Work only; another process answers requests.' },
    safe: { help: 'Run without plugins.' },
    'no-supervisor': { help: 'Do not watch and restart the process; for systemd and containers.' },
  },
  // The process that watches this one runs no command: see entry.ts.
  run: async ({ io, config, options }) => {
    const role = options['web'] === options['work'] ? 'all' : options['web'] === true ? 'web' : 'work';
    return serve(io, { ...config, isSafe: config.isSafe || options['safe'] === true }, role);
  },
};
