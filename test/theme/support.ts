import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TestDesk } from '#core/testing/index.js';

export const repository = path.resolve(import.meta.dirname, '../../..');

/** Writes files of a theme into the data folder; `theme.json` is made unless it is among them. */
export function writeTheme(desk: TestDesk, id: string, files: Readonly<Record<string, string | object>>): string {
  const folder = path.join(desk.app.desk.config.data, 'themes', id);
  for (const [name, content] of Object.entries({ 'theme.json': { title: id, version: '1.0.0' }, ...files })) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  }
  return folder;
}

/** What the background task does each second: look at what is chosen and lies on disk. */
export async function tick({ app }: TestDesk): Promise<void> {
  if (await app.theming.read()) app.plugins.rebuild();
}

export async function home(desk: TestDesk, as?: 'ada' | 'mina'): Promise<{ status: number; html: string }> {
  const response = await desk.fetch('/', { ...(as === undefined ? {} : { as }), headers: { 'Accept-Language': 'en' } });
  return { status: response.status, html: await response.text() };
}
