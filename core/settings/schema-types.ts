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
  /** Encrypted at rest, never shown again, left out of exports. */
  readonly 'x-secret'?: boolean;
  /** Catalogue keys; without them `settings.<owner>.<key>` and `settings.<owner>.<key>.help`. */
  readonly 'x-label'?: string;
  readonly 'x-help'?: string;
  readonly 'x-unit'?: string;
  readonly 'x-multiline'?: boolean;
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
