import path from 'node:path';
import type { FoundPlugin } from './kernel/manifest.ts';
import type { TemplateRoot } from './kernel/template-roots.ts';
import { coreFolder } from './paths.ts';

/** Where templates lie, and which of them a theme may replace: the portal's, never the desk's or the administration's. */
export function templateRoots(
  plugins: readonly FoundPlugin[],
  themes: readonly { readonly id: string; readonly folder: string }[],
): readonly TemplateRoot[] {
  const isThemeable = (name: string): boolean =>
    /^(portal|auth|emails)\//.test(name) || name === 'ui/layouts/portal' || name === 'ui/layouts/auth';
  const core = ['tickets', 'users', 'auth', 'notifications', 'portal', 'admin', 'inbox', 'privacy'].map((feature) => ({
    kind: 'core' as const,
    id: 'core',
    folder: path.join(coreFolder, feature, 'templates'),
    prefix: feature,
    themeable: isThemeable,
  }));
  return [
    ...core,
    { kind: 'core', id: 'core', folder: path.join(coreFolder, 'ui/layouts'), prefix: 'ui/layouts', themeable: isThemeable },
    { kind: 'core', id: 'core', folder: path.join(coreFolder, 'ui/partials'), prefix: 'ui', themeable: isThemeable },
    { kind: 'core', id: 'core', folder: path.join(coreFolder, 'mail/templates'), prefix: 'emails', themeable: isThemeable },
    ...plugins.flatMap(({ id, folder, manifest }) =>
      manifest.templates === undefined
        ? []
        : [
            {
              kind: 'plugin' as const,
              id,
              folder: path.join(folder, manifest.templates),
              prefix: id,
              themeable: () => true,
              ...(manifest.overrides === undefined ? {} : { overrides: manifest.overrides }),
            },
          ],
    ),
    ...themes.map(({ id, folder }) => ({ kind: 'theme' as const, id, folder })),
  ];
}
