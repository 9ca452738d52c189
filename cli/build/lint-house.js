// One local plugin holds the import walls: they need the file's own place, which patterns cannot see.
import path from 'node:path';
const root = path.resolve(import.meta.dirname, '../..');
const noFeature = new Set(['kernel', 'storage']);
const noBarrel = new Set(['kernel', 'storage', 'http', 'ui', 'testing', 'live']);
function complaint(file, specifier) {
  const from = path.relative(root, file).split(path.sep);
  const inPlugin = from[0] === 'plugins';
  if (!specifier.startsWith('.')) {
    if (!specifier.startsWith('@helpdesk/')) return undefined;
    if (!inPlugin) return /^@helpdesk\/(core|cli)\b/.test(specifier) ? undefined : 'Nothing imports a plugin.';
    const allowed = ['plugin', 'html', ...(from[2] === 'test' ? ['testing'] : [])].map((part) => `@helpdesk/core/${part}`);
    return allowed.includes(specifier) ? undefined : 'A plugin imports only @helpdesk/core/plugin and /html (and /testing in its tests).';
  }
  const to = path.relative(root, path.resolve(path.dirname(file), specifier)).split(path.sep);
  if (to[0] === 'plugins' && (from[0] !== 'plugins' || from[1] !== to[1])) return 'Nothing imports a plugin.';
  if (inPlugin && to[0] !== 'plugins') return 'A plugin imports only @helpdesk/core/plugin.';
  if (from[0] === 'core' && to[0] === 'core' && to.length > 2 && from[1] !== to[1]) {
    if (noFeature.has(from[1]) && !noFeature.has(to[1])) return `${from[1]} imports no feature.`;
    // One file ties the pages of all features together; routes import http, so they cannot stand in a barrel.
    const tiesPages = from.join('/') === 'core/http/routes.ts' && to[2].endsWith('-routes.ts');
    if (!noBarrel.has(to[1]) && to[2] !== 'index.ts' && !tiesPages) return `Import ${to[1]} through its index.ts.`;
  }
  return undefined;
}
const walls = {
  create(context) {
    const check = (node) => {
      if (typeof node.source?.value !== 'string') return;
      const message = complaint(context.filename, node.source.value);
      if (message) context.report({ node: node.source, message });
    };
    return { ImportDeclaration: check, ExportNamedDeclaration: check, ExportAllDeclaration: check, ImportExpression: check };
  },
};
const clock = {
  create: (context) => ({
    'CallExpression[callee.object.name="Date"][callee.property.name="now"]'(node) {
      context.report({ node, message: 'Take the clock as a parameter.' });
    },
    'NewExpression[callee.name="Date"][arguments.length=0]'(node) {
      context.report({ node, message: 'Take the clock as a parameter.' });
    },
  }),
};
const noEnum = {
  create: (context) => ({
    TSEnumDeclaration(node) {
      context.report({ node, message: 'Use a union type.' });
    },
  }),
};
export default { meta: { name: 'house' }, rules: { walls, clock, 'no-enum': noEnum } };
