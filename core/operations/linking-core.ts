import { mkdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { coreFolder } from '../paths.ts';

/**
 * Makes `@helpdesk/core` resolve for plugins in the data folder, to this very copy: two copies would
 * be two maps of hooks.
 */
export function linkCore(data: string): void {
  const link = path.join(data, 'node_modules/@helpdesk/core');
  if (targetOf(link) === coreFolder) return;
  mkdirSync(path.dirname(link), { recursive: true });
  rmSync(link, { recursive: true, force: true });
  try {
    symlinkSync(coreFolder, link, 'dir');
  } catch (error) {
    // Another process of this desk made it in the same moment.
    if (targetOf(link) !== coreFolder) throw error;
  }
}

function targetOf(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch {
    return undefined;
  }
}
