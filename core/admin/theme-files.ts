import path from 'node:path';
import type { App } from '../app.ts';
import type { TemplateOffer } from '../kernel/templates.ts';
import type { OptionView } from '../ui/types.ts';

/** Which file a page comes from, and what it stands in front of. */
export interface TemplateSourceView {
  readonly template: string;
  readonly owner: string;
  readonly file: string;
  readonly version: number;
  readonly isOutdated: boolean;
  readonly shadowed: readonly { readonly owner: string; readonly file: string; readonly version: number }[];
  readonly diffUrl: string | undefined;
}

/** Two plugins that replace one page: neither does until somebody chooses. */
export interface RivalsView {
  readonly template: string;
  readonly plugins: readonly OptionView[];
}

/** Every template for which more than one file was found. */
export function templateSources({ plugins, desk }: App): readonly TemplateSourceView[] {
  const { templates } = plugins.snapshot;
  if (templates === undefined) return [];
  const shown = (file: string): string => {
    const inside = path.relative(desk.config.root, file);
    return inside.startsWith('..') ? file : inside;
  };
  return templates.names().flatMap((template) => {
    const source = templates.sourceOf(template);
    if (source === undefined || (source.shadowed.length === 0 && source.kind !== 'theme')) return [];
    return [
      {
        template,
        owner: source.owner,
        file: shown(source.file),
        version: source.version,
        isOutdated: source.kind === 'theme' && source.version < (baseOf(source.shadowed)?.version ?? 0),
        shadowed: source.shadowed.map(({ owner, file, version }) => ({ owner, file: shown(file), version })),
        diffUrl:
          source.kind === 'theme' && baseOf(source.shadowed) !== undefined
            ? `/admin/themes/${source.owner}/diff?template=${encodeURIComponent(template)}`
            : undefined,
      },
    ];
  });
}

/** The templates that several running plugins declare to replace, with who does. */
export function rivalsOf({ plugins, theming }: App): readonly RivalsView[] {
  const claims = plugins.snapshot.plugins.flatMap(({ id, manifest }) => (manifest.overrides ?? []).map((template) => ({ id, template })));
  return [...new Set(claims.map(({ template }) => template))].flatMap((template) => {
    const ids = claims.filter((one) => one.template === template).map(({ id }) => id);
    if (ids.length < 2) return [];
    return [{ template, plugins: ids.map((id) => ({ value: id, label: id, selected: theming.ownerOf(template) === id })) }];
  });
}

function baseOf(shadowed: readonly TemplateOffer[]): TemplateOffer | undefined {
  return shadowed.find(({ kind }) => kind !== 'theme');
}
