import type { App } from '../app.ts';
import type { FoundPlugin } from '../kernel/manifest.ts';
import { tableNames } from '../storage/index.ts';

/** What a plugin did in a desk when it was switched on. */
export interface PluginFacts {
  readonly tables: readonly string[];
  readonly routes: readonly { readonly method: string; readonly path: string; readonly permission: string | undefined }[];
  readonly hooks: readonly string[];
  readonly defines: readonly string[];
  readonly slots: readonly string[];
  readonly jobs: readonly string[];
  readonly commands: readonly string[];
  readonly services: readonly string[];
  readonly settings: readonly string[];
  readonly migrations: readonly string[];
  readonly answersPrivacy: boolean;
}

const areas = { portal: '/p', desk: '/desk/p', admin: '/admin/p', api: '/api/v1/p' } as const;

/** Asks a desk what a running plugin has registered in it. */
export async function factsOf({ desk, plugins }: App, { id, manifest }: FoundPlugin): Promise<PluginFacts> {
  const { snapshot } = plugins;
  const { read, dialect } = desk.storage;
  const own = <T extends { readonly plugin: string }>(all: readonly T[]): readonly T[] => all.filter(({ plugin }) => plugin === id);
  const slug = manifest.db?.slug;
  const tables = slug === undefined ? [] : (await tableNames(read, dialect)).filter((name) => name.startsWith(`p_${slug}_`));
  const reports = desk.hooks.inspect();
  const namespaces = [id, ...(slug === undefined ? [] : [slug])];
  return {
    tables,
    routes: own(snapshot.routes).flatMap(({ value }) =>
      value.routes.map(({ method, path, permission }) => ({
        method: method.toUpperCase(),
        path: `${value.at ?? `${areas[value.area]}/${id}`}${path === '/' ? '' : path}`,
        permission,
      })),
    ),
    hooks: sorted([
      ...reports.filter(({ handlers }) => handlers.some(({ plugin }) => plugin === id)).map(({ name }) => name),
      ...desk.hooks.declarations(id).map(({ event }) => event),
    ]),
    defines: sorted(
      reports.filter(({ name, isDefined }) => isDefined && namespaces.some((one) => name.startsWith(`${one}.`))).map(({ name }) => name),
    ),
    slots: sorted(own(snapshot.all('slot')).map(({ value }) => value.slot)),
    jobs: sorted(desk.jobRegistry.names().filter((name) => desk.jobRegistry.get(name)?.plugin === id && !name.includes(':'))),
    commands: sorted(own(snapshot.all('cli')).map(({ value }) => value.name)),
    services: sorted(own(plugins.services.inspect()).map(({ name }) => name)),
    settings: desk.settings.owners().includes(id) ? Object.keys(desk.settings.schemaOf(id)) : [],
    migrations: await read('migrations').where({ owner: id }).orderBy('name').pluck('name'),
    answersPrivacy: own(snapshot.all('privacy')).length > 0,
  };
}

function sorted(names: readonly string[]): readonly string[] {
  return [...new Set(names)].toSorted();
}
