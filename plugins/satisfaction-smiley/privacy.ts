import { randomUUID } from 'node:crypto';
import type { PluginContext } from '@helpdesk/core/plugin';
import { hashOf } from './ratings-repository.ts';
import type { SmileyContext } from './settings.ts';

/** The ratings of a person. Erased ones keep the face, which counts and tells nobody who it was; words and the link go. */
export function privacyAnswer(ctx: SmileyContext): Parameters<PluginContext['privacy']['declare']>[0] {
  return {
    export: async ({ userId }) => ({
      ratings: await ctx.db
        .table('ratings')
        .where({ user_id: userId })
        .orderBy('ticket_id')
        .select('ticket_id', 'face', 'words', 'asked_at', 'rated_at'),
    }),
    erase: async (tx, { userId }) => {
      const tickets: number[] = await tx.table('ratings').where({ user_id: userId }).pluck('ticket_id');
      for (const ticketId of tickets)
        await tx
          .table('ratings')
          .where({ ticket_id: ticketId })
          .update({ words: '', token_hash: hashOf(randomUUID()) });
    },
  };
}
