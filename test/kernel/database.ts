import { createDatabase } from '#core/testing/index.js';
import type { Logger } from '#core/kernel/log.js';
import type { Storage } from '#core/storage/index.js';

export const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => silent };

const remove: (() => void)[] = [];

/** Opens a migrated database of its own, on the engine of this run, as many times as `open` is called. */
export async function onDatabase(): Promise<{ open(): Storage }> {
  const handle = await createDatabase();
  remove.push(handle.remove);
  return handle;
}

after(() => {
  for (const one of remove.splice(0)) one();
});
