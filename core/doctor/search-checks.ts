import { searchWords } from '../search/index.ts';
import { each, type Check, type Examined } from './check.ts';

const pageSize = 1000;

interface Document {
  readonly id: number;
  readonly text: string;
  readonly body: string | null;
}

export const searchChecks: readonly Check[] = [
  {
    id: 'search.messages',
    claim: 'Search does not know messages as they are:',
    run: async (desk) => {
      const wrong: string[] = [];
      for await (const rows of messagesWithDocuments(desk)) {
        const doubtful = rows.filter(({ text, body }) => body === null || !isBegunBy(body, searchWords(text).join(' ')));
        wrong.push(
          ...each(
            'message',
            doubtful.map(({ id }) => id),
          ),
        );
      }
      return wrong;
    },
  },
  {
    id: 'search.tickets',
    claim: 'Search does not know tickets as they are:',
    run: async ({ storage }) => {
      const rows: readonly { id: number; number: number; subject: string; title: string | null }[] = await storage
        .read('tickets')
        .leftJoin('search_documents as document', (join) =>
          join.on('document.ref', 'tickets.id').andOnVal('document.owner', 'core').andOnVal('document.kind', 'ticket'),
        )
        .whereNull('tickets.deleted_at')
        .orderBy('tickets.id')
        .select('tickets.id', 'number', 'subject', 'title');
      return each(
        'ticket',
        rows.filter(({ number, subject, title }) => title !== searchWords(`${number} ${subject}`).join(' ')).map(({ id }) => id),
      );
    },
  },
  {
    id: 'search.leftover',
    claim: 'Search finds messages that are gone:',
    run: async ({ storage }) =>
      each(
        'message',
        await storage
          .read('search_documents as document')
          .where({ owner: 'core', kind: 'message' })
          .whereNotExists((message) => message.from('messages').whereRaw('messages.id = document.ref').whereNull('messages.deleted_at'))
          .orderBy('ref')
          .pluck('ref'),
      ),
  },
  {
    id: 'search.index',
    claim: 'The search index and its documents differ; run "helpdesk search reindex":',
    run: async ({ storage }) => {
      if (storage.dialect === 'postgres') return [];
      // The index keeps no texts, and its docsize table has one row for each document it knows.
      const missing: readonly number[] = await storage
        .read('search_documents')
        .whereNotExists((row) => row.from('search_index_docsize as size').whereRaw('size.id = search_documents.id'))
        .orderBy('id')
        .pluck('id');
      const left: readonly number[] = await storage
        .read('search_index_docsize as size')
        .whereNotExists((row) => row.from('search_documents').whereRaw('search_documents.id = size.id'))
        .orderBy('id')
        .pluck('size.id');
      return each('document', [...missing, ...left]);
    },
  },
];

// Names of attached files may follow the text.
function isBegunBy(body: string, text: string): boolean {
  return body === text || text === '' || body.startsWith(`${text} `);
}

async function* messagesWithDocuments({ storage }: Examined): AsyncGenerator<readonly Document[]> {
  for (let after = 0; ;) {
    const rows: readonly Document[] = await storage
      .read('messages')
      .leftJoin('search_documents as document', (join) =>
        join.on('document.ref', 'messages.id').andOnVal('document.owner', 'core').andOnVal('document.kind', 'message'),
      )
      .whereNull('messages.deleted_at')
      .where('messages.id', '>', after)
      .orderBy('messages.id')
      .limit(pageSize)
      .select('messages.id', 'messages.text', 'document.body');
    yield rows;
    const last = rows.at(-1);
    if (rows.length < pageSize || last === undefined) return;
    after = last.id;
  }
}
