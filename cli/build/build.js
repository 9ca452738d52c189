// Builds every project: removes outputs whose source is gone, compiles, then bundles the browser code.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { bundleWeb } from './bundle-web.js';
import { projectFolders, root } from './projects.js';
import { readMaps } from './reference.js';

const quiet = process.argv.includes('--quiet');
const folders = projectFolders();
for (const folder of folders) removeStaleOutputs(path.join(root, folder));

const tsc = spawnSync(process.execPath, [path.join(root, 'node_modules/typescript/bin/tsc'), '-b', ...folders], {
  cwd: root,
  stdio: 'inherit',
});
if (tsc.status !== 0) process.exit(tsc.status ?? 1);
await bundleWeb(root);
// For the page in the administration that shows every hook and who listens.
writeFileSync(path.join(root, 'core/dist/reference.json'), JSON.stringify(readMaps(root)));
if (!quiet) process.stdout.write(`Built ${folders.length} projects.\n`);

function removeStaleOutputs(project) {
  const dist = path.join(project, 'dist');
  if (!existsSync(dist)) return;
  for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const output = path.join(entry.parentPath, entry.name);
    const relative = path.relative(dist, output);
    if (/^(web|elements)\b/.test(relative)) continue;
    const source = path.join(project, relative.replace(/\.(d\.ts|js)(\.map)?$/, '.ts'));
    if (/\.(d\.ts|js)(\.map)?$/.test(relative) && !existsSync(source)) rmSync(output);
  }
}
