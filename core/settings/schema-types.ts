/** One setting: the part of JSON Schema that forms can show. */
export interface SettingSchema {
  readonly type: 'string' | 'number' | 'integer' | 'boolean' | 'array';
  readonly default?: string | number | boolean | readonly string[];
  readonly enum?: readonly string[];
  readonly items?: { readonly type: 'string'; readonly enum?: readonly string[] };
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
  /** English name and help, shown where no catalog has a text. */
  readonly title?: string;
  readonly description?: string;
  /** Encrypted at rest, never shown again, left out of exports. */
  readonly 'x-secret'?: boolean;
  /** Catalog keys; without them `settings.<owner>.<key>` and `settings.<owner>.<key>.help`. */
  readonly 'x-label'?: string;
  readonly 'x-help'?: string;
  readonly 'x-unit'?: string;
  readonly 'x-multiline'?: boolean;
  /** The text may hold these as `{{name}}`; any other is refused when it is saved (see `fillPlaceholders`). */
  readonly 'x-placeholders'?: readonly string[];
  /** Chosen from a list of people; the value is the e-mail address of one of them, or empty. */
  readonly 'x-people'?: 'agents';
  /** Set for the whole site, or for each mailbox or each person by itself. Secrets are always of the site. */
  readonly 'x-scope'?: 'site' | 'mailbox' | 'user';
  /** Kept, but in no form: it is chosen on a page of its own. */
  readonly 'x-hidden'?: true;
  /** Shown only while another setting of the form has this value. */
  readonly 'x-showIf'?: Readonly<Record<string, string | boolean>>;
}

export type SettingsSchema = Readonly<Record<string, SettingSchema>>;

export type SettingValue = string | number | boolean | readonly string[];
export type SettingValues = Readonly<Record<string, SettingValue>>;

type ValueOf<S extends SettingSchema> = S['type'] extends 'boolean'
  ? boolean
  : S['type'] extends 'number' | 'integer'
    ? number
    : S['type'] extends 'array'
      ? readonly string[]
      : S extends { readonly enum: readonly (infer E)[] }
        ? E
        : string;

/** The values of a schema, inferred from it: `delayHours: number`, `style: 'stars' | 'faces'`. */
export type SettingsOf<S extends SettingsSchema> = { readonly [K in keyof S]: ValueOf<S[K]> };

/** Whose settings are meant, besides those of the site. */
export interface SettingScope {
  readonly kind: 'mailbox' | 'user';
  readonly id: number;
}

/** How stored values of an older schema become those of this one; what it does not mention is kept. */
export interface SettingsUpgrade {
  /** A whole number that grows with each incompatible change of the schema. */
  readonly version: number;
  migrate(old: Readonly<Record<string, unknown>>, from: number): Readonly<Record<string, unknown>>;
}
