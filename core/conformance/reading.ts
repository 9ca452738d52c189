import type { Storage } from '../storage/index.ts';

/** A statement as it went to the database. */
export interface Statement {
  readonly sql: string;
  readonly bindings: readonly unknown[];
}

// Of core's tables those that grow with the years; the others stay small.
const growing = [
  'tickets',
  'messages',
  'events',
  'users',
  'user_emails',
  'files',
  'attachments',
  'outbox',
  'outbox_recipients',
  'notifications',
  'followers',
  'ticket_tags',
  'ticket_meta',
  'search_documents',
];

/** Runs some work and returns what it asked the database to read. */
export async function readsDuring({ read }: Storage, work: () => Promise<void>): Promise<readonly Statement[]> {
  const statements: Statement[] = [];
  const note = (statement: Statement): void => void statements.push(statement);
  read.on('query', note);
  try {
    await work();
  } finally {
    read.removeListener('query', note);
  }
  return statements;
}

/**
 * Which tables that grow these statements read whole, or page through by offset (X9), one sentence each. The plan
 * comes from SQLite, where it does not depend on how many rows there are now.
 */
export async function wastefulReads(
  { read, dialect }: Storage,
  statements: readonly Statement[],
  own: { readonly prefix: string; readonly small: readonly string[] },
): Promise<readonly string[]> {
  const small = new Set(own.small.map((name) => own.prefix + name));
  const grows = (table: string): boolean => growing.includes(table) || (table.startsWith(own.prefix) && !small.has(table));
  const problems: string[] = [];
  for (const { sql, bindings } of new Map(statements.map((one) => [one.sql, one])).values()) {
    if (!/^\s*(select|with)\b/i.test(sql)) continue;
    const names = [...sql.matchAll(/["`](\w+)["`](?: as ["`](\w+)["`])?/g)];
    const tables = new Map(names.filter(([, table = '']) => grows(table)).map(([, table = '', alias]) => [alias ?? table, table]));
    if (tables.size === 0) continue;
    const pages = /\boffset\b/i.test(sql);
    if (pages) problems.push(`pages through ${[...tables.values()].join(', ')} by offset: ${brief(sql)}`);
    if (dialect !== 'sqlite') continue;
    const plan = ((await read.raw(`explain query plan ${sql}`, [...bindings] as never)) as { detail: string }[]).map(
      ({ detail }) => detail,
    );
    const scanned = plan.flatMap((detail) => tables.get(/^SCAN (\w+)/.exec(detail)?.[1] ?? '') ?? []);
    for (const table of new Set(scanned)) if (readsAll(sql, plan)) problems.push(`reads the whole of ${table}: ${brief(sql)}`);
  }
  return problems;
}

// Walking along an index in order is fine as long as a limit ends the walk.
function readsAll(sql: string, plan: readonly string[]): boolean {
  const isBounded = /\blimit\b/i.test(sql) && !plan.some((detail) => detail.startsWith('USE TEMP B-TREE'));
  const counts = /\b(count|sum|avg)\s*\(/i.test(sql);
  const isFiltered = /\bwhere\b/i.test(sql) && !plan.some((detail) => /^SCAN \w+ USING/.test(detail));
  return !isBounded || counts || isFiltered;
}

function brief(sql: string): string {
  return sql.length > 200 ? `${sql.slice(0, 200)}…` : sql;
}
