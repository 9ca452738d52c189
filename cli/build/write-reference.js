// Writes plugins/HOOKS.md and the report of the plugin API. A change that takes something away needs a new major version.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { apiReport, brokenPromises } from './api-report.js';
import { root } from './projects.js';
import { markdownOf, readMaps, readSettings } from './reference.js';

const entries = readMaps(root);
const { apiVersion } = await import(pathToFileURL(path.join(root, 'core/dist/paths.js')).href);
const report = apiReport(root, { apiVersion, entries });
const file = path.join(root, 'core/plugin-api.report.txt');
const broken = existsSync(file) ? brokenPromises(readFileSync(file, 'utf8'), report) : [];
if (broken.length > 0) {
  process.stderr.write(
    `Plugin API ${apiVersion} promised what is gone now:\n${broken.map((line) => `  ${line}\n`).join('')}Keep it and mark it as deprecated, or raise the major version in core/paths.ts.\n`,
  );
  process.exit(1);
}
writeFileSync(file, report);
writeFileSync(path.join(root, 'plugins/HOOKS.md'), markdownOf({ entries, settings: await readSettings(root) }));
