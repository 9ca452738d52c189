import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Middleware } from './request-state.ts';

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
  '.json': 'application/json; charset=utf-8',
  '.ico': 'image/x-icon',
};

/** A folder whose files are served under `/assets/<name>/<hash>/`, cached for good because the hash names the content. */
export interface AssetFolder {
  /** `core`, `p/<plugin>` or `t/<theme>`. */
  readonly name: string;
  readonly folders: readonly string[];
}

interface Served {
  readonly hash: string;
  readonly folders: readonly string[];
}

/** Serves assets of core, plugins and themes. Folders can be replaced while the desk runs. */
export class Assets {
  private served = new Map<string, Served>();

  set(folders: readonly AssetFolder[]): void {
    this.served = new Map(
      folders.map(({ name, folders: list }) => [
        name,
        { hash: hashOf(list), folders: list.filter((one) => existsSync(one)).map((one) => realpathSync(one)) },
      ]),
    );
  }

  /** `/assets/<name>/<hash>/<file>` */
  url(name: string, file: string): string {
    return `/assets/${name}/${this.served.get(name)?.hash ?? '0'}/${file}`;
  }

  readonly middleware: Middleware = async (ctx, next) => {
    if (!ctx.path.startsWith('/assets/') || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) return next();
    const parts = ctx.path.slice('/assets/'.length).split('/').map(decodeURIComponent);
    const depth = parts[0] === 'core' ? 1 : 2;
    const served = this.served.get(parts.slice(0, depth).join('/'));
    const file = served === undefined ? undefined : find(served.folders, parts.slice(depth + 1).join('/'));
    if (file === undefined) {
      ctx.status = 404;
      return;
    }
    const isCurrent = parts[depth] === served?.hash;
    ctx.set({
      'Cache-Control': isCurrent ? 'public, max-age=31536000, immutable' : 'no-cache',
      'X-Content-Type-Options': 'nosniff',
      // Opened by itself, an SVG is a page of this site.
      'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
      'Cross-Origin-Resource-Policy': 'same-origin',
    });
    ctx.type = types[path.extname(file)] ?? 'application/octet-stream';
    ctx.length = statSync(file).size;
    ctx.body = createReadStream(file);
  };
}

// Links that lead out of the folder are not followed: a plugin's assets are what lies in its folder.
function find(folders: readonly string[], relative: string): string | undefined {
  if (relative === '' || relative.includes('\0')) return undefined;
  for (const folder of folders) {
    const file = path.resolve(folder, relative);
    if (!file.startsWith(folder + path.sep) || !existsSync(file)) continue;
    const real = realpathSync(file);
    if (real.startsWith(folder + path.sep) && statSync(real).isFile()) return real;
  }
  return undefined;
}

function hashOf(folders: readonly string[]): string {
  const hash = createHash('sha256');
  for (const folder of folders.filter((one) => existsSync(one))) {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) hash.update(entry.name).update(readFileSync(path.join(entry.parentPath, entry.name)));
    }
  }
  return hash.digest('hex').slice(0, 12);
}
