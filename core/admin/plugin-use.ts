import type { Sentence } from '../ui/types.ts';

/** What a manifest's `uses` entry means, in words. */
export function useOf(use: string): Sentence {
  if (use.startsWith('net:')) return { key: 'plugin.use.net', params: { host: use.slice(4) } };
  return { key: `plugin.use.${use.replace(':', '-')}` };
}
