// One esbuild step turns the custom elements into the files browsers load, so the CSP stays script-src 'self'.
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

/** Bundles `core/ui/elements/*.entry.ts` into `core/dist/web/<name>.js`. */
export async function bundleWeb(root) {
  const folder = path.join(root, 'core/ui/elements');
  const entries = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.entry.ts')) : [];
  if (entries.length === 0) return;
  await build({
    entryPoints: Object.fromEntries(entries.map((name) => [name.replace('.entry.ts', ''), path.join(folder, name)])),
    outdir: path.join(root, 'core/dist/web'),
    bundle: true,
    format: 'esm',
    splitting: true,
    minify: true,
    target: 'es2022',
    legalComments: 'none',
    logLevel: 'warning',
  });
}
