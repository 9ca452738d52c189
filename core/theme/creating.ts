import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../config.ts';
import { Conflict, Invalid } from '../kernel/errors.ts';
import { coreFolder } from '../paths.ts';
import { isThemeId, themeFolder } from './themes.ts';

/**
 * Writes a small theme to begin with into `<parent>/<id>` and returns that folder.
 *
 * @throws Invalid `themes.bad-id`, Conflict `themes.taken`.
 */
export function createTheme(config: Config, id: string, parent = path.join(config.root, 'themes')): string {
  if (!isThemeId(id))
    throw new Invalid('themes.bad-id', {
      theme: id,
      message: `"${id}" is not an id: small letters and digits with single hyphens between, 2 to 40 in all.`,
    });
  const folder = path.join(parent, id);
  const taken = existsSync(folder) ? folder : themeFolder(config, id);
  if (taken !== undefined) throw new Conflict('themes.taken', { theme: id, message: `There is a theme ${id} already: ${taken}.` });
  for (const [name, content] of Object.entries(filesOf(id, themeFolder(config, 'default') !== undefined))) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  return folder;
}

function filesOf(id: string, hasDefault: boolean): Readonly<Record<string, string>> {
  const title = id
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(' ');
  return {
    'theme.json': json({
      $schema: '../../node_modules/@helpdesk/core/theme/theme.schema.json',
      title,
      description: { en: `The look of ${title}.`, tr: `${title} görünümü.` },
      version: '0.1.0',
      ...(hasDefault ? { extends: 'default' } : {}),
      groups: [{ id: 'look', title: { en: 'Look', tr: 'Görünüm' } }],
      options: {
        hue: {
          type: 'number',
          title: { en: 'Brand hue', tr: 'Marka rengi tonu' },
          group: 'look',
          minimum: 0,
          maximum: 360,
          default: 200,
          property: '--hue-brand',
        },
        corners: {
          type: 'number',
          title: { en: 'Corners', tr: 'Köşeler' },
          group: 'look',
          minimum: 0,
          maximum: 24,
          default: 10,
          unit: 'px',
          property: '--radius-card',
        },
      },
    }),
    'tokens.css': `/* The values this theme changes; everything else comes from core/ui/css/tokens.css. */
@layer theme {
  :root {
    --radius-control: 8px;
  }
}
`,
    'theme.css': `/* The look beyond tokens. It stands in the last layer, so plain selectors win. */
@layer theme {
  .hero h1 {
    max-inline-size: 20ch;
    text-wrap: balance;
  }
}
`,
    'pages/portal/home.hbs': readFileSync(path.join(coreFolder, 'portal/templates/home.hbs'), 'utf8'),
    'locales/en.json': json({}),
    'locales/tr.json': json({}),
    'README.md': `# ${title}

A theme of the portal. \`theme.json\` names its options, \`tokens.css\` changes colours and sizes, \`theme.css\` the rest, \`pages/\` replaces templates and \`locales/\` texts.

\`\`\`sh
npx helpdesk theme check ${id}
npx helpdesk theme activate ${id}
\`\`\`
`,
  };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
