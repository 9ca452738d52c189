import { readFileSync } from 'node:fs';
import path from 'node:path';

/** The folder of @helpdesk/core: its templates, catalogs and stylesheets lie beside the compiled code. */
export const coreFolder = path.resolve(import.meta.dirname, '..');

/** Where core's own texts lie. */
export const coreLocales = ['locales', 'http/locales', 'mail/locales', 'admin/locales'].map((folder) => path.join(coreFolder, folder));

const manifest: { version: string } = JSON.parse(readFileSync(path.join(coreFolder, 'package.json'), 'utf8'));

export const coreVersion = manifest.version;

/** Version of the plugin API, apart from the product's: what manifests ask for. */
export const apiVersion = '1.0.0';
