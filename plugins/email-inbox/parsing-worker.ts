import { parentPort } from 'node:worker_threads';
import { parseMail } from './parsing.ts';

/** What the parser's thread answers; `id` is that of the question. */
export type ParserAnswer =
  | { readonly id: number; readonly mail: Awaited<ReturnType<typeof parseMail>> }
  | { readonly id: number; readonly error: string };

parentPort?.on('message', async ({ id, raw }: { readonly id: number; readonly raw: Uint8Array }) => {
  const answer = await parseMail(raw).then(
    (mail): ParserAnswer => ({ id, mail }),
    (error: unknown): ParserAnswer => ({ id, error: error instanceof Error ? error.message : String(error) }),
  );
  parentPort?.postMessage(answer);
});
// Loading takes longer than most mails; only then does a mail's own time begin.
parentPort?.postMessage('ready');
