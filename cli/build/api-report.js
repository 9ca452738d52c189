// What plugins can see of core, as types: a change of the contract shows itself as a change of this text.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseSync } from 'oxc-parser';

/** The declarations that `plugin-api.d.ts` exports and all that they name, without comments. Needs the build. */
export function apiReport(root, { apiVersion, entries }) {
  const dist = path.join(root, 'core/dist');
  const modules = new Map();
  const module = (file) => {
    if (!modules.has(file)) modules.set(file, readModule(file));
    return modules.get(file);
  };
  const found = new Map();
  const queue = [...module(path.join(dist, 'plugin-api.d.ts')).exports.keys()].map((name) => [path.join(dist, 'plugin-api.d.ts'), name]);
  while (queue.length > 0) {
    const [file, name] = queue.shift();
    const place = resolve(module, file, name, new Set());
    if (place === undefined) continue;
    const id = `${path.relative(dist, place.file)}#${place.name}`;
    if (found.has(id)) continue;
    found.set(id, place);
    for (const named of place.names) queue.push([place.file, named]);
  }
  const chapters = new Map();
  for (const place of found.values()) {
    const file = path.relative(dist, place.file);
    chapters.set(file, [...(chapters.get(file) ?? []), place]);
  }
  const text = [...chapters.entries()]
    .toSorted(([a], [b]) => a.localeCompare(b, 'en'))
    .map(([file, places]) => {
      const lines = places.toSorted((a, b) => a.name.localeCompare(b.name, 'en')).map((place) => place.text);
      return `// ${file.replace(/\.d\.ts$/, '')}\n${lines.join('\n')}`;
    });
  const hooks = entries.filter(({ owner }) => owner === 'core').map(({ map, name, type }) => `interface ${map} { '${name}': ${type} }`);
  return `// Plugin API ${apiVersion}. Made by \`npm run reference\`; do not edit by hand.\n\n${[...text, `// Hooks, slots and services\n${hooks.join('\n')}`].join('\n\n')}\n`;
}

/** Lines of the old report that the new one lacks although both are of one major version. */
export function brokenPromises(before, after) {
  const major = (text) => /Plugin API (\d+)/.exec(text)?.[1];
  if (major(before) !== major(after)) return [];
  const kept = new Set(linesOf(after));
  return linesOf(before).filter((line) => !kept.has(line));
}

// With its place, since `readonly id: number;` stands in many types.
function linesOf(report) {
  let place = '';
  return report.split('\n').flatMap((line) => {
    if (/^(?:\/\/|export |interface )/.test(line)) place = line;
    return line.trim() === '' || line.startsWith('//') ? [] : [line === place ? line : `${place.replace(/\s*\{$/, '')}: ${line.trim()}`];
  });
}

function readModule(file) {
  const source = readFileSync(file, 'utf8');
  const { program, comments } = parseSync(file, source);
  const declared = new Map();
  const imports = new Map();
  const exports = new Map();
  const stars = [];
  for (const statement of program.body) {
    const inner = statement.type === 'ExportNamedDeclaration' ? (statement.declaration ?? undefined) : statement;
    if (statement.type === 'ImportDeclaration')
      for (const one of statement.specifiers)
        imports.set(one.local.name, { from: statement.source.value, name: one.imported?.name ?? 'default' });
    if (statement.type === 'ExportAllDeclaration') stars.push(statement.source.value);
    if (statement.type === 'ExportNamedDeclaration') {
      for (const one of statement.specifiers) exports.set(one.exported.name, { from: statement.source?.value, name: one.local.name });
    }
    for (const name of namesOf(inner)) {
      declared.set(name, { node: inner, start: statement.start, end: statement.end });
      if (statement.type === 'ExportNamedDeclaration') exports.set(name, { name });
    }
  }
  return { file, source, comments, declared, imports, exports, stars };
}

function namesOf(node) {
  if (node === undefined || node === null) return [];
  if (node.type === 'VariableDeclaration') return node.declarations.map(({ id }) => id.name);
  const isDeclaration = /^(?:TSInterface|TSTypeAlias|Class|TSDeclareFunction|Function|TSEnum)/.test(node.type);
  return isDeclaration && node.id?.type === 'Identifier' ? [node.id.name] : [];
}

function resolve(module, file, name, seen) {
  const id = `${file}#${name}`;
  if (seen.has(id)) return undefined;
  seen.add(id);
  const { declared, imports, exports, stars, source, comments } = module(file);
  const own = declared.get(name);
  if (own !== undefined) return { file, name, text: textOf(own, source, comments), names: [...mentioned(own.node)] };
  const from = imports.get(name) ?? exports.get(name);
  if (from !== undefined) {
    if (from.from === undefined) return from.name === name ? undefined : resolve(module, file, from.name, seen);
    const target = fileOf(file, from.from);
    return target === undefined ? undefined : resolve(module, target, from.name, seen);
  }
  for (const star of stars) {
    const target = fileOf(file, star);
    const place = target === undefined ? undefined : resolve(module, target, name, seen);
    if (place !== undefined) return place;
  }
  return undefined;
}

function fileOf(from, specifier) {
  if (!specifier.startsWith('.')) return undefined;
  const file = path.resolve(path.dirname(from), specifier).replace(/\.(?:ts|js)$/, '.d.ts');
  return existsSync(file) ? file : undefined;
}

function textOf({ start, end }, source, comments) {
  let text = '';
  let at = start;
  for (const comment of comments.filter((one) => one.start >= start && one.end <= end)) {
    text += source.slice(at, comment.start);
    at = comment.end;
  }
  return `${text}${source.slice(at, end)}`
    .split('\n')
    .filter((line) => line.trim() !== '')
    .join('\n');
}

function* mentioned(node) {
  if (Array.isArray(node)) for (const one of node) yield* mentioned(one);
  else if (typeof node === 'object' && node !== null) {
    if (node.type === 'Identifier' && typeof node.name === 'string') yield node.name;
    for (const [key, value] of Object.entries(node)) if (key !== 'parent') yield* mentioned(value);
  }
}
