import { createWriteStream, mkdirSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { deletePluginData, exportPluginData, NotFound, pluginSight, systemActor, type App } from '@helpdesk/core/operator';
import { Misused, type Command, type Invocation } from '../command.ts';

export const pluginCommands: readonly Command[] = [
  {
    name: 'plugin list',
    summary: 'Lists the plugins that were found, and what each is doing.',
    run: async ({ desk }) => {
      const { plugins } = await desk({ isPassive: true });
      return (await plugins.list()).map(({ id, found, row }) => ({
        id,
        version: found?.version ?? row?.version ?? '',
        state: found === undefined && row?.isDesired === false ? 'data without plugin' : (row?.state ?? 'installed'),
        title: found?.manifest.title ?? '',
        error: row?.lastError ?? undefined,
      }));
    },
  },
  {
    name: 'plugin info',
    summary: 'Shows one plugin.',
    args: ['<id>'],
    run: async ({ desk, args: [id = ''] }) => {
      const app = await desk({ isPassive: true });
      const { found, row, blocked } = await statusOf(app, id);
      const { faults, cost, tables, jobs } = await pluginSight(app, id);
      const { title, api, requires, provides, permissions, uses } = found?.manifest ?? {};
      return {
        id,
        title,
        version: found?.version ?? row?.version,
        state: row?.state ?? 'installed',
        isActive: row?.isDesired ?? false,
        blocked: blocked?.message,
        error: row?.lastError ?? undefined,
        api,
        requires,
        provides,
        permissions,
        uses,
        folder: found?.folder,
        source: row?.source ?? undefined,
        sha256: row?.sha256 ?? undefined,
        rejected: row?.rejectedVersion == null ? undefined : `${row.rejectedVersion}: ${row.rejection ?? ''}`,
        tables,
        jobs,
        cost,
        faults,
      };
    },
  },
  {
    name: 'plugin activate',
    summary: 'Switches a plugin on in every process of the desk.',
    args: ['<id>'],
    run: async (invocation) => {
      const id = invocation.args[0] ?? '';
      await (await switching(invocation)).plugins.activate(id);
      return { id, state: 'active' };
    },
  },
  {
    name: 'plugin deactivate',
    summary: 'Switches a plugin off in every process; its data and settings stay.',
    args: ['<id>'],
    options: { 'with-dependents': { help: 'Also switch off the plugins that need it.' } },
    run: async (invocation) => {
      const id = invocation.args[0] ?? '';
      await (await switching(invocation)).plugins.deactivate(id, { withDependents: invocation.options['with-dependents'] === true });
      return { id, state: 'inactive' };
    },
  },
  {
    name: 'plugin delete-data',
    summary: 'Deletes everything stored for a plugin that is off, for good; works without its code.',
    args: ['<id>'],
    options: {
      confirm: { value: 'id', help: 'The id once more.', isRequired: true },
      export: { value: 'folder', help: 'Writes its tables there first, as JSON lines.' },
    },
    run: async ({ io, desk, args: [id = ''], options }) => {
      if (options['confirm'] !== id) throw new Misused(`To delete the data of ${id}, type --confirm ${id}.`);
      const app = await desk({ isPassive: true });
      const exported =
        typeof options['export'] === 'string' ? await writeExport(app, id, path.resolve(io.cwd, options['export'])) : undefined;
      return { id, dropped: await deletePluginData(app, systemActor, id), ...(exported === undefined ? {} : { exported }) };
    },
  },
  {
    name: 'plugin export',
    summary: 'Writes what is stored for a plugin as JSON lines, a file per table; secrets are left out.',
    args: ['<id>', '<folder>'],
    run: async ({ io, desk, args: [id = '', folder = ''] }) => ({
      id,
      exported: await writeExport(await desk({ isPassive: true }), id, path.resolve(io.cwd, folder)),
    }),
  },
];

// While a desk runs elsewhere the plugin must not run here as well; with none, this process tries its code.
async function switching({ desk, io }: Invocation): Promise<App> {
  const app = await desk({ isStarted: false, isPassive: true });
  const isRunning = await app.desk.storage
    .read('processes')
    .whereNot({ role: 'command' })
    .where('seen_at', '>', io.clock.now() - 15_000)
    .first('id');
  return desk(isRunning === undefined ? { isPassive: false } : { isPassive: true });
}

async function statusOf({ plugins }: App, id: string) {
  const status = (await plugins.list()).find((one) => one.id === id);
  if (status === undefined) throw new NotFound('plugins.not-found', { message: `There is no plugin ${id}.` });
  return status;
}

async function writeExport(app: App, id: string, folder: string): Promise<readonly string[]> {
  mkdirSync(folder, { recursive: true });
  const files: string[] = [];
  for (const { name, rows } of await exportPluginData(app, id)) {
    const file = path.join(folder, `${name}.jsonl`);
    await pipeline(Readable.from(withNewlines(rows())), createWriteStream(file));
    files.push(file);
  }
  return files;
}

async function* withNewlines(lines: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const line of lines) yield `${line}\n`;
}
