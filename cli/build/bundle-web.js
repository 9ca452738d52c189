// One esbuild step turns the custom elements and stylesheets into the files browsers load, so the CSP stays 'self'.
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

const shared = { bundle: true, minify: true, legalComments: 'none', logLevel: 'warning' };

/** Bundles `core/ui/elements/*.entry.ts` and `core/ui/css/*.entry.css` into `core/dist/web/<name>.js` and `.css`. */
export async function bundleWeb(root) {
  const outdir = path.join(root, 'core/dist/web');
  const scripts = entries(path.join(root, 'core/ui/elements'), '.entry.ts');
  const styles = entries(path.join(root, 'core/ui/css'), '.entry.css');
  // CSS gets no target: lowering would replace light-dark() and logical properties.
  if (styles.length > 0) await build({ ...shared, entryPoints: styles, outdir });
  if (scripts.length > 0) await build({ ...shared, entryPoints: scripts, outdir, format: 'esm', splitting: true, target: 'es2022' });
}

function entries(folder, ending) {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(ending)) : [];
  return names.map((name) => ({ in: path.join(folder, name), out: name.slice(0, -ending.length) }));
}
