declare module '../kernel/hook-map.ts' {
  interface Actions {
    /** A person was created, by hand, by sign-up or because they wrote. */
    'user.created': { readonly userId: number; readonly role: string };
    /** A person was edited; `fields` names what. */
    'user.changed': { readonly userId: number; readonly fields: readonly string[] };
    /** An organization was created or edited. */
    'organization.saved': { readonly organizationId: number };
    /** A role was created or edited. */
    'role.saved': { readonly role: string };
  }
}

export const usersActions = ['user.created', 'user.changed', 'organization.saved', 'role.saved'] as const;
