declare module './kernel/hook-map.ts' {
  interface Actions {
    /** A plugin kept failing and was stopped in every process; its data, settings and subscriptions stay. */
    'plugin.quarantined': { readonly plugin: string; readonly reason: string };
  }
}

/** Actions that the plugin platform itself records. */
export const pluginActions = ['plugin.quarantined'] as const;
