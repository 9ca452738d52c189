import { each, type Check } from './check.ts';

const aliveMs = 30_000;
const patienceMs = 5 * 60_000;

export const queueChecks: readonly Check[] = [
  {
    id: 'replies.one-message-id',
    claim: 'Replies have more than one Message-ID:',
    run: async ({ storage }) => {
      const twice: readonly number[] = await storage
        .read('outbox')
        .where({ kind: 'reply' })
        .whereNot({ state: 'undone' })
        .whereNotNull('message_ref')
        .groupBy('message_ref')
        .havingRaw('count(distinct message_id) > 1')
        .orderBy('message_ref')
        .pluck('message_ref');
      const differing: readonly number[] = await storage
        .read('outbox')
        .join('messages', 'messages.id', 'outbox.message_ref')
        .where({ 'outbox.kind': 'reply' })
        .whereRaw("messages.message_id <> outbox.message_id and outbox.state <> 'undone'")
        .orderBy('messages.id')
        .pluck('messages.id');
      return each('message', [...new Set([...twice, ...differing])]);
    },
  },
  {
    id: 'outbox.state',
    claim: 'Mails are in a state that cannot be:',
    run: async ({ storage }) => {
      const wrong: readonly { id: number; state: string }[] = await storage
        .read('outbox')
        .where((sent) => sent.where({ state: 'sent' }).whereNull('sent_at'))
        .orWhere((untried) => untried.whereIn('state', ['sending', 'uncertain']).where({ attempts: 0 }))
        .orWhere((unexplained) => unexplained.where({ state: 'failed' }).whereNull('error'))
        .orderBy('id')
        .select('id', 'state');
      return wrong.map(({ id, state }) => `mail ${id} is ${state}`);
    },
  },
  {
    id: 'outbox.job',
    claim: 'Mails wait and no job will send them:',
    run: async ({ storage }) =>
      each(
        'mail',
        await storage
          .read('outbox')
          // One that stayed uncertain waits for a person.
          .where((waiting) => waiting.whereIn('state', ['held', 'queued', 'sending']).orWhere({ state: 'uncertain', doubts: 1 }))
          .whereNotExists((job) =>
            job
              .from('jobs')
              .whereRaw("jobs.dedupe_key = 'mail.send:' || outbox.id")
              .whereIn('jobs.state', ['ready', 'behind', 'active', 'dead']),
          )
          .orderBy('id')
          .pluck('id'),
      ),
  },
  {
    id: 'jobs.lease',
    claim: 'Jobs are leased to nobody, or long past their lease although workers run:',
    run: async ({ storage, clock }) => {
      const now = clock.now();
      const worker = await storage
        .read('processes')
        .whereIn('role', ['work', 'all'])
        .where('seen_at', '>', now - aliveMs)
        .first('id');
      const wrong = storage
        .read('jobs')
        .where({ state: 'active' })
        .where((lease) => {
          void lease.whereNull('lease_owner').orWhereNull('lease_until');
          if (worker !== undefined) void lease.orWhere('lease_until', '<', now - patienceMs);
        });
      const kept: readonly number[] = await storage
        .read('jobs')
        .where({ state: 'ready' })
        .whereNotNull('lease_owner')
        .orderBy('id')
        .pluck('id');
      return each('job', [...(await wrong.orderBy('id').pluck('id')), ...kept]);
    },
  },
];
