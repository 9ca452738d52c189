import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { escapeHtml } from './html.ts';

export interface IconOptions {
  readonly size?: number | undefined;
  /** Read out instead of the shape; without it the icon is decoration. */
  readonly label?: string | undefined;
  /** `rtl` mirrors arrows in right-to-left languages. */
  readonly flip?: string | undefined;
}

export interface IconSet {
  /** @throws Error for an unknown name, unless `lenient`: then nothing is drawn. */
  icon(name: string, options?: IconOptions): string;
  /** Adds a plugin's own icon; `svg` is a whole svg element without scripts. */
  add(name: string, svg: string): void;
}

const coreFolder = path.join(import.meta.dirname, '../../ui/icons');

/** Icons are files named after what they show; each is read once. `lenient` is for production, where a missing icon must not break a page. */
export function createIcons({ folder = coreFolder, lenient = false }: { folder?: string; lenient?: boolean } = {}): IconSet {
  const inner = new Map<string, string | undefined>();

  function shapes(name: string): string | undefined {
    if (!inner.has(name)) inner.set(name, readShapes(folder, name));
    return inner.get(name);
  }

  return {
    add: (name, svg) => void inner.set(name, shapesOf(svg)),
    icon(name, { size = 16, label, flip } = {}) {
      const found = shapes(name);
      if (found === undefined) {
        if (lenient) return '';
        throw new Error(`Unknown icon "${name}": copy it to core/ui/icons or register it.`);
      }
      const names = ['icon', size > 16 ? `icon--${size}` : '', flip === 'rtl' ? 'icon--flip' : ''].filter((one) => one !== '').join(' ');
      const role = label === undefined || label === '' ? 'aria-hidden="true"' : `role="img" aria-label="${escapeHtml(label)}"`;
      return `<svg class="${names}" ${role} viewBox="0 0 24 24" width="${size}" height="${size}" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round">${found}</svg>`;
    },
  };
}

function readShapes(folder: string, name: string): string | undefined {
  if (!/^[a-z0-9-]+$/.test(name)) return undefined;
  const file = path.join(folder, `${name}.svg`);
  return existsSync(file) ? shapesOf(readFileSync(file, 'utf8')) : undefined;
}

/** The drawing without its frame; scripts, handlers and references to elsewhere are refused. */
function shapesOf(svg: string): string {
  const shapes = /<svg[^>]*>([\s\S]*?)<\/svg>/.exec(svg)?.[1] ?? '';
  if (/<script|<foreignObject|<image|<use|\son\w+\s*=|href\s*=|javascript:/i.test(shapes))
    throw new Error('An icon may only contain shapes.');
  return shapes.replaceAll(/\s+/g, ' ').trim();
}
