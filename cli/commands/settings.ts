import { NotFound, type App } from '@helpdesk/core/operator';
import type { Command } from '../command.ts';

export const settingsCommands: readonly Command[] = [
  {
    name: 'settings get',
    summary: 'Shows all settings, those of one owner, or one. Secrets are never shown.',
    args: ['[<owner>[.<key>]]'],
    run: async ({ desk, args: [name] }) => {
      const { desk: parts } = await desk();
      const [owner, key] = name === undefined ? [] : split(name);
      const all: Record<string, unknown> = {};
      for (const one of owner === undefined ? parts.settings.owners() : [owner]) Object.assign(all, await valuesOf({ desk: parts }, one));
      if (key === undefined) return all;
      if (!Object.hasOwn(all, `${owner}.${key}`)) throw new NotFound('settings.unknown-key', { message: `There is no setting ${name}.` });
      return all[`${owner}.${key}`];
    },
  },
  {
    name: 'plugin settings',
    summary: 'Shows the settings of one plugin; the same as "settings get <id>".',
    args: ['<id>'],
    run: async ({ desk, args: [id = ''] }) => valuesOf(await desk(), id),
  },
  {
    name: 'settings set',
    summary: 'Changes one setting.',
    args: ['<owner.key>', '<value>'],
    run: async ({ desk, args: [name = '', value = ''] }) => {
      const { desk: parts } = await desk();
      const [owner, key = ''] = split(name);
      const all = parts.settings.schemaOf(owner);
      const schema = Object.hasOwn(all, key) ? all[key] : undefined;
      if (schema === undefined) throw new NotFound('settings.unknown-key', { message: `There is no setting ${name}.` });
      const typed =
        schema.type === 'array'
          ? value
              .split(',')
              .map((one) => one.trim())
              .filter((one) => one !== '')
          : value;
      await parts.settings.set(owner, { [key]: typed });
      return { [name]: schema['x-secret'] === true ? '(secret)' : (await parts.settings.get(owner))[key] };
    },
  },
];

function split(name: string): readonly [string, string | undefined] {
  const dot = name.indexOf('.');
  return dot === -1 ? [name, undefined] : [name.slice(0, dot), name.slice(dot + 1)];
}

async function valuesOf({ desk }: Pick<App, 'desk'>, owner: string): Promise<Readonly<Record<string, unknown>>> {
  const schema = desk.settings.schemaOf(owner);
  const values: Readonly<Record<string, unknown>> = await desk.settings.get(owner);
  const entries = Object.entries(schema).map(
    async ([key, one]) =>
      [
        `${owner}.${key}`,
        one['x-secret'] === true ? ((await desk.settings.hasSecret(owner, key)) ? '(secret)' : '(not set)') : values[key],
      ] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}
