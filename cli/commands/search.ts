import { reindex } from '@helpdesk/core/operator';
import type { Command } from '../command.ts';

export const searchReindex: Command = {
  name: 'search reindex',
  summary: 'Builds the search index again.',
  run: async ({ desk, progress }) => {
    const app = await desk({ isStarted: false });
    return { documents: await reindex(app.desk, (done) => progress(`${done} documents`)) };
  },
};
