declare module '../kernel/hook-map.ts' {
  interface Actions {
    /** Files of a plugin were put in place; `replaced` is the version they took the place of. */
    'plugin.installed': {
      readonly plugin: string;
      readonly version: string;
      readonly source: string;
      readonly sha256: string;
      readonly replaced?: string | undefined;
    };
    /** The files of a plugin were removed; its data stays. */
    'plugin.uninstalled': { readonly plugin: string };
    /** Everything stored for a plugin was deleted for good. */
    'plugin.data-deleted': { readonly plugin: string; readonly tables: readonly string[] };
  }
}

export const pluginsActions = ['plugin.installed', 'plugin.uninstalled', 'plugin.data-deleted'] as const;
