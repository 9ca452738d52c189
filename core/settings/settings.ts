import { Ajv, type ValidateFunction } from 'ajv';
import type { Clock } from '../kernel/clock.ts';
import { Invalid, NotFound } from '../kernel/errors.ts';
import type { Storage } from '../storage/index.ts';
import type { Secrets } from './secrets.ts';
import type { SettingSchema, SettingsOf, SettingsSchema, SettingValue, SettingValues } from './schema-types.ts';

interface Definition {
  readonly schema: SettingsSchema;
  readonly validate: ValidateFunction;
}

const cacheMs = 2000;

/**
 * Settings by owner (`site`, `mail`, a plugin id), each described by a schema that validates and
 * draws the form. Values of unknown keys are kept in the database, so that a downgrade loses nothing.
 */
export class Settings {
  private readonly storage: Storage;
  private readonly secrets: Secrets;
  private readonly clock: Clock;
  private readonly definitions = new Map<string, Definition>();
  private readonly cache = new Map<string, { readonly at: number; readonly values: SettingValues }>();
  private readonly listeners = new Map<string, Set<() => void>>();

  constructor(storage: Storage, secrets: Secrets, clock: Clock) {
    this.storage = storage;
    this.secrets = secrets;
    this.clock = clock;
  }

  /** Declares an owner's settings and returns the function that takes the declaration back; values stay. */
  define(owner: string, schema: SettingsSchema): () => void {
    const properties = Object.fromEntries(Object.entries(schema).map(([key, one]) => [key, withoutExtensions(one)]));
    const ajv = new Ajv({ coerceTypes: true, allErrors: true, strict: false });
    this.definitions.set(owner, { schema, validate: ajv.compile({ type: 'object', additionalProperties: false, properties }) });
    this.cache.delete(owner);
    return () => this.definitions.delete(owner);
  }

  owners(): readonly string[] {
    return [...this.definitions.keys()];
  }

  /** @throws NotFound `settings.unknown-owner`. */
  schemaOf(owner: string): SettingsSchema {
    return this.definition(owner).schema;
  }

  /** Stored values over the defaults; secrets are not among them. At most two seconds behind other processes. */
  async get<S extends SettingsSchema = SettingsSchema>(owner: string): Promise<SettingsOf<S>> {
    const cached = this.cache.get(owner);
    const now = performance.now();
    if (cached !== undefined && now - cached.at < cacheMs) return cached.values as SettingsOf<S>;
    const { schema, validate } = this.definition(owner);
    const rows: { key: string; value: string }[] = await this.storage.read('settings').where({ owner }).select('key', 'value');
    const values: Record<string, SettingValue> = {};
    for (const [key, one] of Object.entries(schema)) if (one['x-secret'] !== true) values[key] = one.default ?? emptyOf(one);
    for (const row of rows) {
      const candidate = { [row.key]: parse(row.value) };
      // A corrupt row falls back to the default instead of taking the desk down.
      if (row.key in values && candidate[row.key] !== undefined && validate(candidate))
        values[row.key] = candidate[row.key] as SettingValue;
    }
    this.cache.set(owner, { at: now, values });
    return values as SettingsOf<S>;
  }

  /** The secret of one setting, decrypted. */
  secret(owner: string, key: string): Promise<string | undefined> {
    return this.secrets.get(owner, key);
  }

  hasSecret(owner: string, key: string): Promise<boolean> {
    return this.secrets.has(owner, key);
  }

  /**
   * Validates and stores some settings of one owner; the rest stays. An empty secret leaves the stored one.
   *
   * @throws Invalid `settings.invalid` with `details.fields`: a message per setting.
   */
  async set(owner: string, values: Readonly<Record<string, unknown>>): Promise<void> {
    const { schema, validate } = this.definition(owner);
    const copy: Record<string, unknown> = { ...values };
    if (!validate(copy)) throw new Invalid('settings.invalid', { owner, fields: fieldErrors(validate) });
    const now = this.clock.now();
    await this.storage.writeTx(async (tx) => {
      for (const [key, value] of Object.entries(copy)) {
        if (schema[key]?.['x-secret'] === true) {
          if (typeof value === 'string' && value !== '') await this.secrets.set(tx, owner, key, value);
          continue;
        }
        const text = JSON.stringify(value);
        await tx('settings')
          .insert({ owner, key, value: text, created_at: now, updated_at: now })
          .onConflict(['owner', 'key'])
          .merge({ value: text, updated_at: now, version: tx.raw('settings.version + 1') });
      }
      tx.afterCommit(() => this.changed(owner));
    });
  }

  /** Calls back after this process changed the owner's settings. */
  onChange(owner: string, listener: () => void): () => void {
    const listeners = this.listeners.get(owner) ?? new Set();
    this.listeners.set(owner, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  private changed(owner: string): void {
    this.cache.delete(owner);
    for (const listener of this.listeners.get(owner) ?? []) listener();
  }

  private definition(owner: string): Definition {
    const definition = this.definitions.get(owner);
    if (definition === undefined) throw new NotFound('settings.unknown-owner', { owner });
    return definition;
  }
}

function fieldErrors(validate: ValidateFunction): Readonly<Record<string, string>> {
  const errors = validate.errors ?? [];
  return Object.fromEntries(
    errors.map((error) => [
      error.instancePath.split('/')[1] || String(error.params['additionalProperty'] ?? ''),
      error.message ?? 'is invalid',
    ]),
  );
}

function withoutExtensions(schema: SettingSchema): Record<string, unknown> {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => !key.startsWith('x-') && key !== 'default' && key !== 'format'));
}

function emptyOf(schema: SettingSchema): SettingValue {
  if (schema.type === 'boolean') return false;
  if (schema.type === 'array') return [];
  return schema.type === 'string' ? (schema.enum?.[0] ?? '') : (schema.minimum ?? 0);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
