import { accessSync, constants, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../config.ts';
import { Unavailable } from '../kernel/errors.ts';

/**
 * Makes the data folder and tries to write into it, so that a desk that could not keep mail never starts.
 *
 * @throws Unavailable `data.not-writable` with the exact path.
 */
export function prepareDataFolder({ data, databaseUrl }: Config): void {
  const probe = path.join(data, `.write-test-${process.pid}`);
  const database = path.join(data, 'helpdesk.sqlite');
  try {
    mkdirSync(data, { recursive: true });
    writeFileSync(probe, '');
    rmSync(probe);
    if (databaseUrl === undefined && existsSync(database)) accessSync(database, constants.R_OK | constants.W_OK);
  } catch (cause) {
    const { code = '', path: place = data } = cause as NodeJS.ErrnoException;
    throw new Unavailable(
      'data.not-writable',
      {
        message: `The data folder ${data} cannot be written (${code} at ${place}). Change its owner or name another one with HELPDESK_DATA.`,
      },
      { cause },
    );
  }
}
