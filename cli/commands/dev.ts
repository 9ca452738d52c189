import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, watch } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { linkCore, stagePlugin, type Config } from '@helpdesk/core/operator';
import { Failed, type Command, type Io } from '../command.ts';
import { DevBuild } from '../dev/building.ts';
import type { DevOrder } from '../dev/desk.ts';

// Editors write a file in a few steps, and some write several at once.
const settleMs = 40;

export const dev: Command = {
  name: 'dev',
  summary: 'Runs a desk with sample data for writing plugins: what you save is there at once.',
  args: ['[<folder>...]'],
  options: {
    fresh: { help: 'Begin with new sample data.' },
    types: { help: 'Also tell what the compiler finds, a second later.' },
  },
  run: async ({ io, config, args, options }) => {
    const folders = args.map((folder) => path.resolve(io.cwd, folder));
    const missing = folders.find((folder) => !existsSync(path.join(folder, 'package.json')));
    if (missing !== undefined) throw new Failed(`There is no plugin in ${missing}: it has no package.json.`);
    const data = path.join(config.data, 'dev');
    if (options['fresh'] === true) rmSync(data, { recursive: true, force: true });
    const plugins = path.join(data, 'written');
    mkdirSync(plugins, { recursive: true });
    linkCore(data);
    const builds = await Promise.all(folders.map((folder) => DevBuild.start(folder, plugins)));
    await new DevDesk(io, { config: ownConfig(config, data), plugins, key: randomBytes(16).toString('hex') }, builds).run(
      options['types'] === true,
    );
  },
};

function ownConfig(config: Config, data: string): Config {
  const { databaseUrl: _elsewhere, ...rest } = config;
  return {
    ...rest,
    data,
    databaseUrl: undefined,
    secretFile: path.join(data, 'secret.key'),
    isDevelopment: true,
    pinnedPlugins: undefined,
  };
}

/** The desk that is written for, and who watches the folders. */
class DevDesk {
  private readonly io: Io;
  private readonly order: Omit<DevOrder, 'ids'>;
  private readonly builds: readonly DevBuild[];
  private child: ChildProcess | undefined;
  /** Started ahead for the next change. */
  private spare: ChildProcess | undefined;
  private readonly changed = new Map<DevBuild, Set<string>>();
  private wake: () => void = () => undefined;

  constructor(io: Io, order: Omit<DevOrder, 'ids'>, builds: readonly DevBuild[]) {
    this.io = io;
    this.order = order;
    this.builds = builds;
  }

  private get ids(): readonly string[] {
    return this.builds.map(({ source }) => path.basename(source));
  }

  async run(tellsTypes: boolean): Promise<void> {
    const stopping = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
    stopping.signal.addEventListener('abort', () => this.wake());
    const watchers = this.builds.map((build) =>
      watch(build.source, { recursive: true }, (_event, file) => {
        if (file === null) return;
        this.changed.set(build, (this.changed.get(build) ?? new Set()).add(file));
        this.wake();
      }),
    );
    try {
      await this.startOrTell();
      const { url } = this.order.config;
      this.io.out(`The desk runs at ${url}\nSign in at ${new URL(`/dev/sign-in?key=${this.order.key}`, url).href}\n`);
      while (!stopping.signal.aborted) {
        await new Promise<void>((resolve) => {
          this.wake = resolve;
          if (this.changed.size > 0) resolve();
        });
        if (stopping.signal.aborted) break;
        await pause(settleMs);
        await this.follow(tellsTypes);
      }
    } finally {
      for (const watcher of watchers) watcher.close();
      this.spare?.kill('SIGKILL');
      await this.stop();
    }
  }

  private async follow(tellsTypes: boolean): Promise<void> {
    const beganAt = performance.now();
    const all = [...this.changed].flatMap(([build, files]) => [...files].map((file) => ({ build, file })));
    this.changed.clear();
    let needsStart = false;
    try {
      for (const { build, file } of all) needsStart = (await build.take(file)) || needsStart;
    } catch (error) {
      this.io.err(`${error instanceof Error ? error.message : String(error)}\n`);
      return;
    }
    if (needsStart || this.child === undefined) {
      await this.stop();
      await this.startOrTell();
    } else this.child.send('rebuild');
    const names = all.map(({ file }) => file).join(', ');
    this.io.err(`${names}: ${needsStart ? 'started anew' : 'shown'} after ${Math.round(performance.now() - beganAt)} ms.\n`);
    if (tellsTypes && needsStart) for (const build of this.builds) this.tellTypes(build);
  }

  private tellTypes({ source }: DevBuild): void {
    const { problems, remove } = stagePlugin(source);
    remove();
    for (const problem of problems) this.io.err(`${problem}\n`);
  }

  // Whatever is wrong may be mended by the next change.
  private startOrTell(): Promise<void> {
    return this.start().catch((error: unknown) => this.io.err(`${error instanceof Error ? error.message : String(error)}\n`));
  }

  private start(): Promise<void> {
    const order: DevOrder = { ...this.order, ids: this.ids };
    const child = this.spare ?? this.fork();
    this.child = child;
    this.spare = undefined;
    child.send(order);
    return new Promise((resolve, reject) => {
      child.once('message', () => {
        this.spare = this.fork();
        resolve();
      });
      child.once('exit', (code) => {
        if (this.child === child) this.child = undefined;
        reject(new Failed(code === null ? '' : `The desk ended with exit code ${code}.`));
      });
    });
  }

  private fork(): ChildProcess {
    return fork(path.join(import.meta.dirname, '../dev/desk.js'), [this.order.config.root, ...this.ids], {
      env: { ...this.io.env, NODE_ENV: 'development' },
      execArgv: ['--enable-source-maps'],
    });
  }

  // At once: nothing of a desk with sample data is worth the wait, and what was committed stays.
  private async stop(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (child === undefined) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGKILL');
    await ended;
  }
}
