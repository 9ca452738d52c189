import { existsSync } from 'node:fs';
import path from 'node:path';
import { createJiti } from 'jiti';
import type { SiteConfig } from '../config.ts';
import { Invalid } from '../kernel/errors.ts';

const fileName = 'helpdesk.config.ts';

/** The folder of the site: the nearest one above `from` with a helpdesk.config.ts, else `fallback`. */
export function findSiteRoot(from: string, fallback: string): string {
  for (let folder = from; ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, fileName))) return folder;
    if (folder === path.dirname(folder)) return fallback;
  }
}

/**
 * Reads the site's configuration file; without one it is empty.
 *
 * @throws Invalid `config.unreadable` with a sentence that names the file.
 */
export async function loadSiteConfig(root: string): Promise<SiteConfig> {
  const file = path.join(root, fileName);
  if (!existsSync(file)) return {};
  let loaded: unknown;
  try {
    loaded = await createJiti(import.meta.url, { moduleCache: false }).import(file, { default: true });
  } catch (cause) {
    throw new Invalid(
      'config.unreadable',
      { message: `${file} cannot be read: ${cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause)}` },
      { cause },
    );
  }
  if (typeof loaded !== 'object' || loaded === null)
    throw new Invalid('config.unreadable', { message: `${file} must export a configuration: export default defineConfig({})` });
  return loaded as SiteConfig;
}
