import path from 'node:path';
import type { FoundPlugin } from './kernel/manifest.ts';
import type { TemplateRoot } from './kernel/template-roots.ts';
import { coreFolder } from './paths.ts';
import type { Theme } from './theme/index.ts';

/** Where templates lie, and which of them a theme may replace: the portal's, never the desk's or the administration's. */
export function templateRoots(plugins: readonly FoundPlugin[], theme: Theme): readonly TemplateRoot[] {
  const isThemeable = (name: string): boolean => /^(portal|auth)\//.test(name) || name === 'ui/layouts/portal';
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
    { kind: 'theme', id: theme.id, folder: theme.folder },
  ];
}
