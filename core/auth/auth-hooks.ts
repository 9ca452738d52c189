declare module '../kernel/hook-map.ts' {
  interface Actions {
    /** Somebody opened a session. */
    'user.signed-in': { readonly userId: number };
    /** Sessions of somebody ended before their time. */
    'user.signed-out': { readonly userId: number };
  }
  interface Decisions {
    /** Asked after the credentials were found right; a verdict refuses the sign-in with its reason. */
    'auth.sign-in': {
      readonly input: { readonly userId: number; readonly method: 'password' | 'link' };
      readonly verdict: { readonly reason: string };
    };
  }
}

export const authActions = ['user.signed-in', 'user.signed-out'] as const;
export const authDecisions = ['auth.sign-in'] as const;
