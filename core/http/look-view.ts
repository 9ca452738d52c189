import type { Snapshot } from '../kernel/snapshot.ts';
import type { TemplateVariables } from '../kernel/templates.ts';
import { stylesheetsOf, templateValues, type Look } from '../theme/index.ts';
import type { Theming } from '../theming.ts';
import type { Context } from './request-state.ts';

/** What the layouts of the portal print of a look. */
export interface LookView {
  readonly stylesheets: readonly string[];
  /** Attributes of the root element by name. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** The look of the snapshot, or the one that this request tries out. */
export function lookView(ctx: Context, theming: Theming, snapshot: Snapshot): LookView {
  const { preview } = ctx.state;
  const look = preview?.look ?? theming.of(snapshot).look;
  const { assets } = theming;
  const query = preview === undefined ? `v=${look.stamp}` : `preview=${encodeURIComponent(preview.parameter)}`;
  return {
    stylesheets: [...stylesheetsOf(look.chain).map(({ theme, file }) => assets.url(`t/${theme.id}`, file)), `/theme.css?${query}`],
    attributes: look.attributes,
  };
}

/** What templates find at `@theme`. */
export function variablesOf(ctx: Context, active: Look): TemplateVariables {
  const { options, values } = ctx.state.preview?.look ?? active;
  return { theme: templateValues(options, values, ctx.state.locale) };
}
