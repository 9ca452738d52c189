import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { coreFolder } from '../../paths.ts';
import { linkCore } from '../linking-core.ts';
import { unpackInto } from './unpacking.ts';

/** A built copy of a plugin that may be run and thrown away. */
export interface StagedPlugin {
  /** Holds the copy as its only plugin. */
  readonly parent: string;
  readonly folder: string;
  /** Sentences of the compiler. */
  readonly problems: readonly string[];
  remove(): void;
}

const installation = path.dirname(coreFolder);
/** What every plugin is compiled with, wherever its folder lies. */
export const authorOptions = {
  target: 'es2023',
  lib: ['es2023'],
  module: 'nodenext',
  moduleResolution: 'nodenext',
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  verbatimModuleSyntax: true,
  erasableSyntaxOnly: true,
  skipLibCheck: true,
} as const;

const notCopied = new Set(['node_modules', '.git', 'coverage']);
/** What tests may import besides the desk's own kit. */
const testPackages = ['chai', 'mocha', '@types'];

/** Whether a plugin folder is TypeScript that must be compiled. */
export function isTypeScript(folder: string): boolean {
  return existsSync(path.join(folder, 'tsconfig.json'));
}

/** Copies a plugin into a temporary folder where `@helpdesk/core` is this very copy, and compiles TypeScript there. */
export function stagePlugin(source: string, { withTests = false }: { readonly withTests?: boolean } = {}): StagedPlugin {
  const base = realpathSync(mkdtempSync(path.join(tmpdir(), 'helpdesk-plugin-')));
  const remove = (): void => rmSync(base, { recursive: true, force: true });
  try {
    const parent = path.join(base, 'plugins');
    const folder = path.join(parent, path.basename(path.resolve(source)));
    const isCompiled = isTypeScript(source);
    cpSync(source, folder, {
      recursive: true,
      filter: (file) => {
        const name = path.relative(source, file);
        return !notCopied.has(path.basename(file)) && !(isCompiled && name === 'dist');
      },
    });
    linkCore(base);
    linkDependencies(source, path.join(base, 'node_modules'));
    if (withTests)
      for (const name of testPackages) linkPackage(path.join(installation, 'node_modules', name), path.join(base, 'node_modules', name));
    return { parent, folder, problems: isCompiled ? compile(folder, withTests) : [], remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** Unpacks an archive into a temporary folder where `@helpdesk/core` is this very copy. @throws Invalid `archive.*`. */
export function stageArchive(packed: Uint8Array): StagedPlugin {
  const base = realpathSync(mkdtempSync(path.join(tmpdir(), 'helpdesk-plugin-')));
  const remove = (): void => rmSync(base, { recursive: true, force: true });
  try {
    const parent = path.join(base, 'plugins');
    const folder = path.join(parent, 'plugin');
    unpackInto(folder, packed);
    linkCore(base);
    return { parent, folder, problems: [], remove };
  } catch (error) {
    remove();
    throw error;
  }
}

function compile(folder: string, withTests: boolean): readonly string[] {
  const tsc = path.join(installation, 'node_modules/typescript/bin/tsc');
  if (!existsSync(tsc))
    return ['TypeScript is not installed here, so the plugin cannot be compiled; run npm ci with its development packages.'];
  const config = path.join(folder, 'tsconfig.staged.json');
  writeFileSync(config, JSON.stringify(withTests ? testCompilerConfig : compilerConfig));
  const { status, stdout, error } = spawnSync(process.execPath, [tsc, '-p', config, '--pretty', 'false'], {
    cwd: folder,
    encoding: 'utf8',
  });
  rmSync(config);
  if (status === 0) return [];
  const lines = (stdout ?? '').split('\n').filter((line) => line.trim() !== '');
  return lines.length > 0 ? lines : [`The compiler could not be run: ${error?.message ?? String(status)}.`];
}

// The plugin's own file extends one beside its usual place; the rules are the same for everybody.
const compilerConfig = {
  compilerOptions: {
    ...authorOptions,
    types: ['node'],
    typeRoots: [path.join(installation, 'node_modules/@types')],
    rewriteRelativeImportExtensions: true,
    noEmitOnError: true,
    rootDir: '.',
    outDir: './dist',
  },
  include: ['**/*.ts'],
  exclude: ['dist', 'node_modules', 'test', 'tests', '**/*.test.ts'],
};

const testCompilerConfig = {
  ...compilerConfig,
  compilerOptions: { ...compilerConfig.compilerOptions, types: ['node', 'mocha'], sourceMap: true },
  exclude: ['dist', 'node_modules'],
};

function linkDependencies(source: string, target: string): void {
  for (const name of dependenciesOf(source)) {
    const found = ancestors(path.resolve(source))
      .map((folder) => path.join(folder, 'node_modules', name))
      .find((folder) => existsSync(folder));
    const link = path.join(target, name);
    if (found === undefined || existsSync(link)) continue;
    linkPackage(found, link);
  }
}

function linkPackage(found: string, link: string): void {
  mkdirSync(path.dirname(link), { recursive: true });
  symlinkSync(realpathSync(found), link, 'dir');
}

/** Packages a plugin names beside the desk itself; an archive brings none along. */
export function dependenciesOf(folder: string): readonly string[] {
  try {
    const pack = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { readonly dependencies?: object } | null;
    const named = Object.keys(pack?.dependencies ?? {});
    return named.filter((name) => name !== '@helpdesk/core' && /^(@[\w-][\w.-]*\/)?[\w-][\w.-]*$/.test(name));
  } catch {
    // Whoever reads the manifest says what is wrong with the file.
    return [];
  }
}

function ancestors(folder: string): readonly string[] {
  const up = path.dirname(folder);
  return up === folder ? [folder] : [folder, ...ancestors(up)];
}
