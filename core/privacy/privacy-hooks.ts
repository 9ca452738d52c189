declare module '../kernel/hook-map.ts' {
  interface Actions {
    /** What told who a customer is was erased from core and from every plugin; their tickets and events stay, without it. */
    'user.erased': { readonly userId: number };
    /** A copy of everything about a customer was handed out. */
    'user.exported': { readonly userId: number };
  }
}

export const privacyActions = ['user.erased', 'user.exported'] as const;
