import type { App } from '../app.ts';
import type { FoundPlugin } from '../kernel/manifest.ts';

export async function conform(_app: App, _plugin: FoundPlugin, _options: { readonly isScratch: boolean }): Promise<readonly string[]> {
  return [];
}
