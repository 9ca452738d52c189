import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Failed } from '../command.ts';

type Transform = (source: string, options: object) => Promise<{ readonly code: string }>;

const notCopied = /(?:^|\/)(?:node_modules|\.git|dist|test|coverage)(?:\/|$)/;

/**
 * Keeps a runnable copy of a plugin folder beside the desk that is written for it. Types are only taken away, which
 * is a matter of milliseconds; whether they fit is for `plugin check` and the editor.
 */
export class DevBuild {
  readonly source: string;
  readonly target: string;
  private readonly transform: Transform;

  private constructor(source: string, target: string, transform: Transform) {
    this.source = source;
    this.target = target;
    this.transform = transform;
  }

  /** @throws Failed when the development packages are missing; an error with the place when a file does not parse. */
  static async start(source: string, parent: string): Promise<DevBuild> {
    const esbuild = await import('esbuild').catch(() => {
      throw new Failed('The development packages are not installed here; run npm ci without leaving them out.');
    });
    const build = new DevBuild(source, path.join(parent, path.basename(source)), esbuild.transform as Transform);
    rmSync(build.target, { recursive: true, force: true });
    for (const file of readdirSync(source, { recursive: true, encoding: 'utf8' })) await build.take(file);
    return build;
  }

  /** Brings one file of the source over; true when the desk must start anew to see it. */
  async take(file: string): Promise<boolean> {
    if (notCopied.test(file)) return false;
    const from = path.join(this.source, file);
    const isCode = file.endsWith('.ts') && existsSync(path.join(this.source, 'tsconfig.json'));
    const copy = path.join(this.target, file);
    const compiled = isCode ? path.join(this.target, 'dist', file.replace(/\.ts$/, '.js')) : undefined;
    if (!existsSync(from)) for (const gone of [copy, compiled ?? copy]) rmSync(gone, { recursive: true, force: true });
    else if (!statSync(from).isDirectory()) {
      write(copy, readFileSync(from));
      if (compiled !== undefined) write(compiled, await this.compiled(from));
    }
    const needsStart = isCode || /\.[cm]?js$/.test(file) || file === 'package.json';
    return needsStart && !file.startsWith('assets/');
  }

  private async compiled(file: string): Promise<string> {
    const { code } = await this.transform(readFileSync(file, 'utf8'), {
      loader: 'ts',
      sourcefile: file,
      sourcemap: 'inline',
      target: 'es2023',
    });
    // What the compiler's `rewriteRelativeImportExtensions` does.
    return code.replaceAll(/(\bfrom\s*|\bimport\s*\(?\s*)(["'])(\.{1,2}\/[^"']+)\.ts\2/g, '$1$2$3.js$2');
  }
}

function write(file: string, content: string | Uint8Array): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
}
