import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { App } from '../app.ts';
import type { Middleware } from '../http/request-state.ts';
import { Router } from '../http/router.ts';
import { coreFolder } from '../paths.ts';
import { administrator, renderAdmin } from './admin-page.ts';

/** One entry of the typed maps, as the build reads it from the sources. */
interface Entry {
  readonly map: 'Actions' | 'Filters' | 'RenderFilters' | 'Decisions' | 'Slots' | 'Services';
  readonly name: string;
  readonly owner: string;
  readonly about: string;
  readonly type: string;
}

const hookKinds = { Actions: 'action', Filters: 'filter', RenderFilters: 'filterSync', Decisions: 'decision' } as const;
const maps: readonly Entry['map'][] = ['Actions', 'Filters', 'RenderFilters', 'Decisions', 'Slots', 'Services'];

/** Every hook, slot and service of this desk, and which plugins use it at the moment. */
export function referenceRoutes(app: App): Middleware {
  let entries: readonly Entry[] | undefined;

  function usersOf({ map, name }: Entry): readonly string[] {
    if (map === 'Slots')
      return app.plugins.snapshot
        .all('slot')
        .filter(({ value }) => value.slot === name)
        .map(({ plugin }) => plugin);
    if (map === 'Services') return [];
    const report = app.desk.hooks.inspect().find((one) => one.kind === hookKinds[map] && one.name === name);
    return report?.handlers.map(({ plugin }) => plugin) ?? [];
  }

  return new Router()
    .get('/admin/reference', async (ctx) => {
      administrator(ctx, 'plugins.manage');
      entries ??= JSON.parse(readFileSync(path.join(coreFolder, 'dist/reference.json'), 'utf8')) as readonly Entry[];
      const query = ctx.URL.searchParams.get('q') ?? '';
      const found = entries.filter(({ name, about }) => `${name} ${about}`.toLowerCase().includes(query.toLowerCase()));
      const chapters = maps.map((map) => ({
        title: { key: `admin.reference.${map}` },
        entries: found
          .filter((entry) => entry.map === map)
          .map((entry) => ({ ...entry, about: entry.about.replaceAll('`', ''), users: [...new Set(usersOf(entry))] })),
      }));
      await renderAdmin(app, ctx, {
        template: 'admin/reference',
        title: { key: 'admin.reference' },
        view: { query, chapters: chapters.filter((chapter) => chapter.entries.length > 0) },
      });
    })
    .middleware();
}
