// The reference of hooks, slots, services and settings, read from the types and schemas themselves.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseSync } from 'oxc-parser';

const maps = ['Actions', 'Filters', 'RenderFilters', 'Decisions', 'Slots', 'Services'];

/** Every entry of the maps that core and the bundled plugins extend by declaration merging: `{ map, name, owner, about, type }`. */
export function readMaps(root) {
  return [
    ...sourcesIn(path.join(root, 'core')).flatMap((file) => entriesOf(file, 'core')),
    ...pluginIds(root).flatMap((id) => sourcesIn(path.join(root, 'plugins', id)).flatMap((file) => entriesOf(file, id))),
  ].toSorted((a, b) => maps.indexOf(a.map) - maps.indexOf(b.map) || a.name.localeCompare(b.name, 'en'));
}

function pluginIds(root) {
  const folder = path.join(root, 'plugins');
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted();
}

function sourcesIn(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.ts') && !/(^|\/)(dist|node_modules|test|testing)\//.test(name))
    .map((name) => path.join(folder, name))
    .toSorted();
}

function entriesOf(file, owner) {
  const source = readFileSync(file, 'utf8');
  if (!source.includes('declare module')) return [];
  const { program, comments, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`);
  return program.body
    .filter(({ type, id }) => type === 'TSModuleDeclaration' && /(?:hook-map\.ts|@helpdesk\/core\/plugin)$/.test(id.value ?? ''))
    .flatMap(({ body }) => body.body)
    .map((statement) => (statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement))
    .filter((statement) => statement?.type === 'TSInterfaceDeclaration' && maps.includes(statement.id.name))
    .flatMap(({ id, body }) => body.body.map((member) => entryOf(member, { map: id.name, owner, source, comments })));
}

function entryOf(member, { map, owner, source, comments }) {
  const name = member.key.value ?? member.key.name;
  const type = source.slice(member.typeAnnotation.typeAnnotation.start, member.typeAnnotation.typeAnnotation.end);
  return { map, name, owner, about: docBefore(member.start, comments, source), type: oneLine(type) };
}

function docBefore(start, comments, source) {
  const doc = comments.findLast(({ type, value, end }) => type === 'Block' && value.startsWith('*') && end <= start);
  if (doc === undefined || source.slice(doc.end, start).trim() !== '') return '';
  return doc.value
    .split('\n')
    .map((line) => line.replace(/^\s*\*+ ?/, '').trim())
    .join(' ')
    .trim();
}

function oneLine(type) {
  return type
    .replaceAll(/\breadonly /g, '')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/; \}/g, ' }')
    .replaceAll(/^\| /g, '');
}

/** Settings of core and of the bundled plugins, with the texts of their forms: `{ owner, key, schema, label, help }`. Needs the build. */
export async function readSettings(root) {
  const core = await import(pathToFileURL(path.join(root, 'core/dist/settings/index.js')).href);
  const { loadCatalog, createTranslator } = await import(pathToFileURL(path.join(root, 'core/dist/i18n/index.js')).href);
  const { coreLocales } = await import(pathToFileURL(path.join(root, 'core/dist/paths.js')).href);
  const owners = [
    ['site', core.siteSettings],
    ['tickets', core.ticketSettings],
    ['mail', core.mailSettings],
  ];
  const locales = [...coreLocales];
  for (const id of pluginIds(root)) {
    const main = path.join(root, 'plugins', id, 'dist/index.js');
    if (!existsSync(main)) continue;
    const { default: definition } = await import(pathToFileURL(main).href);
    if (definition.settings !== undefined) owners.push([id, definition.settings]);
    locales.push(path.join(root, 'plugins', id, 'locales'));
  }
  const { t } = createTranslator({ catalog: loadCatalog(locales.filter(existsSync)), locale: 'en', timeZone: 'UTC' });
  const text = (key) => (t(key) === key ? '' : t(key));
  return owners.flatMap(([owner, schema]) =>
    Object.entries(schema)
      .filter(([, one]) => one['x-hidden'] !== true)
      .map(([key, one]) => ({
        owner,
        key,
        schema: one,
        label: text(one['x-label'] ?? `settings.${owner}.${key}`),
        help: text(one['x-help'] ?? `settings.${owner}.${key}.help`),
      })),
  );
}

const chapters = {
  Actions: [
    'Actions',
    'Told after the commit. `ctx.hooks.on(name, handler)` runs at once in this process and may be lost when it dies; `ctx.hooks.onDurable(name, id, handler)` runs from the job queue, at least once and in order for each ticket. What a handler returns is ignored, and what it throws is its own fault.',
  ],
  Filters: [
    'Filters',
    'Shape a value before anything is written, outside of any transaction: `ctx.hooks.filter(name, (value, context) => value)`. Returning nothing keeps the value. An `AppError` such as `ctx.refuse(…)` stops the action; anything else that is thrown leaves this handler out.',
  ],
  RenderFilters: ['Render filters', 'Run inside a template and answer at once: `ctx.hooks.filterSync(name, (value, context) => value)`.'],
  Decisions: [
    'Decisions',
    'Ask whether something may happen: `ctx.hooks.decide(name, (input) => verdict)`. The first verdict counts; returning nothing has no opinion.',
  ],
  Slots: [
    'Slots',
    'Named places in pages: `ctx.ui.slot(name, { template, load })`. `load` gets what is listed here, runs beside all other loaders before the page is printed, and has 300 ms; the browser fetches later what came too late.',
  ],
  Services: ['Services', 'Capabilities that one plugin offers by `ctx.services.provide` and others use by `ctx.services.get`.'],
};

/** The reference as a page for people. */
export function markdownOf({ entries, settings }) {
  const parts = [
    '# Hooks, slots, services and settings',
    'Made from the types by `npm run reference`; do not edit by hand. How to use them is told in [README.md](README.md).',
  ];
  for (const map of maps) {
    const [title, about] = chapters[map];
    const own = entries.filter((entry) => entry.map === map);
    parts.push(`## ${title}`, about);
    if (own.length === 0) parts.push('None yet.');
    for (const { name, owner, about: text, type } of own)
      parts.push(`### \`${name}\``, `${text}${owner === 'core' ? '' : ` Defined by \`${owner}\`.`}`.trim(), `\`\`\`ts\n${type}\n\`\`\``);
  }
  parts.push(
    '## Settings',
    'Set in *Administration, Settings* or by `npx helpdesk settings set <owner>.<key> <value>`.',
    [
      '| setting | type | default | meaning |',
      '| --- | --- | --- | --- |',
      ...settings.map(
        ({ owner, key, schema, label, help }) =>
          `| \`${owner}.${key}\` | ${typeOf(schema)} | ${defaultOf(schema)} | ${cell(label, help)} |`,
      ),
    ].join('\n'),
  );
  return `${parts.join('\n\n')}\n`;
}

function typeOf(schema) {
  if (schema.enum !== undefined) return schema.enum.map((one) => `\`${one}\``).join(', ');
  const range = schema.minimum === undefined ? '' : `, ${schema.minimum} to ${schema.maximum}`;
  return `${schema.type === 'array' ? 'list of texts' : schema.type}${range}${schema['x-secret'] === true ? ', secret' : ''}`;
}

function defaultOf({ default: value }) {
  if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0)) return '';
  return `\`${Array.isArray(value) ? value.join('; ') : String(value)}\``;
}

function cell(label, help) {
  return `${label}${help === '' ? '' : `. ${help}`}`.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
