import { createServer } from 'node:http';
import type { App, Statement } from '@helpdesk/core/operator';
import type { Scenario } from './scenarios.ts';

/** The statements that one answer takes; undefined when this desk has no such page. */
export async function capture(app: App, { path, headers }: Scenario): Promise<readonly Statement[] | undefined> {
  const server = createServer(app.callback());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}${path}`;
  const statements: Statement[] = [];
  const note = ({ sql, bindings = [] }: { readonly sql: string; readonly bindings?: readonly unknown[] }): void =>
    void statements.push({ sql, bindings });
  try {
    // The first answer fills what is kept for a while, such as settings and statuses.
    if (!(await isAnswered(url, headers))) return undefined;
    app.desk.storage.read.on('query', note);
    await isAnswered(url, headers);
    return statements;
  } finally {
    app.desk.storage.read.removeListener('query', note);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

async function isAnswered(url: string, headers: Readonly<Record<string, string>>): Promise<boolean> {
  const answer = await fetch(url, { headers, redirect: 'manual' });
  await answer.arrayBuffer();
  return answer.status === 200;
}
