import type { Translator } from '../i18n/index.ts';

const stock: Readonly<Record<string, string>> = { admin: 'Administrator', agent: 'Agent', customer: 'Customer' };

/** A role's name for the reader: those that came with the desk are translated until somebody renames them. */
export function roleName(translator: Translator, role: { readonly key: string; readonly name: string }): string {
  return stock[role.key] === role.name ? translator.t(`role.${role.key}`) : role.name;
}
