import { readFileSync } from 'node:fs';
import path from 'node:path';

/** The folder of @helpdesk/core: its templates, catalogues and stylesheets lie beside the compiled code. */
export const coreFolder = path.resolve(import.meta.dirname, '..');

const manifest: { version: string } = JSON.parse(readFileSync(path.join(coreFolder, 'package.json'), 'utf8'));

export const coreVersion = manifest.version;

/** Version of the plugin API, apart from the product's: what manifests ask for. */
export const apiVersion = '1.0.0';
