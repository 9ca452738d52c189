import { Readable } from 'node:stream';
import { main } from '#cli/main.js';
import type { TestDesk } from '#core/testing/index.js';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs one command line in this process, on the database and the clock of the test's desk. */
export async function helpdesk(
  desk: Pick<TestDesk, 'app' | 'clock'>,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  stdin: Uint8Array = new Uint8Array(),
): Promise<Ran> {
  const { config } = desk.app.desk;
  let out = '';
  let err = '';
  const code = await main(args, {
    env: {
      HELPDESK_DATA: config.data,
      LOG_LEVEL: 'silent',
      ...(config.databaseUrl === undefined ? {} : { DATABASE_URL: config.databaseUrl }),
      ...env,
    },
    cwd: config.root,
    clock: desk.clock,
    stdin: Readable.from(stdin.length === 0 ? [] : [Buffer.from(stdin)]),
    out: (text) => (out += text),
    err: (text) => (err += text),
    isTerminal: false,
  });
  return { code, out, err };
}

/** What `--json` printed. */
export function parsed<T>({ out }: Ran): T {
  return JSON.parse(out) as T;
}
