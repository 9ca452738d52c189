declare module '../kernel/hook-map.ts' {
  interface Filters {
    /** Bytes that nothing of core needs any more, by SHA-256, right before they are deleted: a plugin leaves out those that it stored as well. */
    'files.removing': { readonly value: readonly string[]; readonly context: Readonly<Record<string, never>> };
  }
}

export const filesFilters = ['files.removing'] as const;
