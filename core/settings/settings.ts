import { Ajv, type ValidateFunction } from 'ajv';
import type { Clock } from '../kernel/clock.ts';
import { Invalid, NotFound } from '../kernel/errors.ts';
import { noteSettingsChange } from '../kernel/kernel-state.ts';
import { refuseUnknownPlaceholders } from '../kernel/placeholders.ts';
import type { Storage, Tx } from '../storage/index.ts';
import type { Secrets } from './secrets.ts';
import type {
  SettingSchema,
  SettingScope,
  SettingsOf,
  SettingsSchema,
  SettingsUpgrade,
  SettingValue,
  SettingValues,
} from './schema-types.ts';

interface Definition {
  readonly schema: SettingsSchema;
  readonly validate: ValidateFunction;
  readonly upgrade: SettingsUpgrade | undefined;
}

/** Kept beside the settings of an owner: the version of the schema they were written for. */
const versionKey = '$version';

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
  /** Rises when something is forgotten, so that what was being read meanwhile is not kept. */
  private epoch = 0;
  private followed: { readonly version: number; readonly at: number; readonly owners: ReadonlyMap<string, string> } | undefined;
  private readonly listeners = new Map<string, Set<() => void>>();

  constructor(storage: Storage, secrets: Secrets, clock: Clock) {
    this.storage = storage;
    this.secrets = secrets;
    this.clock = clock;
  }

  /** Declares an owner's settings and returns the function that takes the declaration back; values stay. @throws Invalid `settings.no-schema`. */
  define(owner: string, schema: SettingsSchema, upgrade?: SettingsUpgrade): () => void {
    this.definitions.set(owner, { schema, upgrade, validate: validatorOf(owner, schema) });
    this.forget(owner);
    return () => this.definitions.delete(owner);
  }

  owners(): readonly string[] {
    return [...this.definitions.keys()];
  }

  /** @throws NotFound `settings.unknown-owner`. */
  schemaOf(owner: string): SettingsSchema {
    return this.definition(owner).schema;
  }

  /**
   * Stored values over the defaults; secrets are not among them. With a scope, values of that mailbox or
   * person stand in for the settings that have one. At most two seconds behind other processes, or as far as `follow` is.
   */
  async get<S extends SettingsSchema = SettingsSchema>(owner: string, scope?: SettingScope): Promise<SettingsOf<S>> {
    const name = scope === undefined ? owner : `${owner} ${scope.kind} ${scope.id}`;
    const cached = this.cache.get(name);
    const now = performance.now();
    const { epoch } = this;
    if (cached !== undefined && now - Math.max(cached.at, this.followed?.at ?? 0) < cacheMs) return cached.values as SettingsOf<S>;
    const { schema, validate } = this.definition(owner);
    const values: Record<string, SettingValue> = {};
    for (const [key, one] of Object.entries(schema)) if (one['x-secret'] !== true) values[key] = one.default ?? emptyOf(one);
    for (const [key, value] of Object.entries(await this.stored(owner, scope))) {
      const candidate = { [key]: value };
      // A corrupt row falls back to the default instead of taking the desk down.
      if (Object.hasOwn(values, key) && value !== undefined && validate(candidate)) values[key] = candidate[key] as SettingValue;
    }
    if (epoch === this.epoch) this.cache.set(name, { at: now, values });
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
   * Validates and stores some settings of one owner, of the site or of one scope; the rest stays. An empty secret leaves the stored one.
   *
   * @throws Invalid `settings.invalid` with `details.fields`: a message per setting; `placeholders.unknown`.
   */
  async set(owner: string, values: Readonly<Record<string, unknown>>, scope?: SettingScope): Promise<void> {
    const { schema, validate, upgrade } = this.definition(owner);
    const copy: Record<string, unknown> = { ...values };
    if (!validate(copy))
      throw new Invalid('settings.invalid', { owner, fields: fieldErrors(validate, scope === undefined ? '' : `${owner}.`) });
    for (const [key, value] of Object.entries(copy)) {
      const known = schema[key]?.['x-placeholders'];
      if (known !== undefined) refuseUnknownPlaceholders(String(value), known, scope === undefined ? key : `${owner}.${key}`);
    }
    // Old values are rewritten together, or a later reader would take the untouched ones for new.
    const all =
      upgrade === undefined || scope !== undefined ? copy : { ...(await this.stored(owner)), ...copy, [versionKey]: upgrade.version };
    await this.storage.writeTx(async (tx) => {
      // First, as lifecycle changes do: two that write settings must not wait for each other.
      await noteSettingsChange(tx);
      for (const [key, value] of Object.entries(all)) {
        if (Object.hasOwn(schema, key) && schema[key]?.['x-secret'] === true) {
          if (typeof value === 'string' && value !== '') await this.secrets.set(tx, owner, key, value);
        } else await this.write(tx, owner, { key, value, scope });
      }
      tx.afterCommit(() => this.changed(owner));
    });
  }

  private async write(
    tx: Tx,
    owner: string,
    { key, value, scope }: { readonly key: string; readonly value: unknown; readonly scope: SettingScope | undefined },
  ): Promise<void> {
    const now = this.clock.now();
    const text = JSON.stringify(value);
    if (scope !== undefined)
      await tx('scoped_settings')
        .insert({ owner, scope: scope.kind, scope_id: scope.id, key, value: text, created_at: now, updated_at: now })
        .onConflict(['owner', 'scope', 'scope_id', 'key'])
        .merge({ value: text, updated_at: now });
    else
      await tx('settings')
        .insert({ owner, key, value: text, created_at: now, updated_at: now })
        .onConflict(['owner', 'key'])
        .merge({ value: text, updated_at: now, version: tx.raw('settings.version + 1') });
  }

  /** What lies in the database, as the schema of today names it; keys that it does not know are among them. */
  private async stored(owner: string, scope?: SettingScope): Promise<Readonly<Record<string, unknown>>> {
    const { schema, upgrade } = this.definition(owner);
    const rows: { key: string; value: string }[] = await this.storage.read('settings').where({ owner }).select('key', 'value');
    const raw = Object.fromEntries(rows.map(({ key, value }) => [key, parse(value)]));
    const from = Number(raw[versionKey] ?? 0);
    const site = upgrade !== undefined && rows.length > 0 && from < upgrade.version ? { ...raw, ...upgrade.migrate(raw, from) } : raw;
    if (scope === undefined) return site;
    const own: { key: string; value: string }[] = await this.storage
      .read('scoped_settings')
      .where({ owner, scope: scope.kind, scope_id: scope.id })
      .select('key', 'value');
    const ofScope = own.filter(({ key }) => Object.hasOwn(schema, key) && schema[key]?.['x-scope'] === scope.kind);
    return { ...site, ...Object.fromEntries(ofScope.map(({ key, value }) => [key, parse(value)])) };
  }

  /** Goes along with the version that the database is at: tells those who listen whose settings another process changed. */
  async follow(version: number): Promise<void> {
    const at = performance.now();
    const before = this.followed;
    if (before?.version === version) {
      this.followed = { ...before, at };
      return;
    }
    const owners = await this.fingerprints();
    this.followed = { version, at, owners };
    if (before === undefined) this.forgetAll();
    else
      for (const owner of new Set([...before.owners.keys(), ...owners.keys()]))
        if (before.owners.get(owner) !== owners.get(owner)) this.changed(owner);
  }

  /** For each owner a text that changes with anything stored for it. */
  private async fingerprints(): Promise<ReadonlyMap<string, string>> {
    const owners = new Map<string, string>();
    for (const table of ['settings', 'secrets', 'scoped_settings'] as const) {
      const rows: { owner: string }[] = await this.storage
        .read(table)
        .groupBy('owner')
        .select('owner')
        .count({ rows: '*' })
        .sum({ at: 'updated_at', ...(table === 'settings' && { version: 'version' }) });
      for (const { owner, ...rest } of rows)
        owners.set(owner, `${owners.get(owner) ?? ''} ${table} ${Object.values(rest).map(String).join(':')}`);
    }
    return owners;
  }

  /** Calls back after the owner's settings changed, within about a second when another process did it. */
  onChange(owner: string, listener: () => void): () => void {
    const listeners = this.listeners.get(owner) ?? new Set();
    this.listeners.set(owner, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  private changed(owner: string): void {
    this.forget(owner);
    for (const listener of this.listeners.get(owner) ?? []) listener();
  }

  private forget(owner: string): void {
    this.epoch += 1;
    for (const name of this.cache.keys()) if (name === owner || name.startsWith(`${owner} `)) this.cache.delete(name);
  }

  private forgetAll(): void {
    this.epoch += 1;
    this.cache.clear();
  }

  private definition(owner: string): Definition {
    const definition = this.definitions.get(owner);
    if (definition === undefined) throw new NotFound('settings.unknown-owner', { owner });
    return definition;
  }
}

const validators = new WeakMap<SettingsSchema, ValidateFunction>();

// Compiling takes milliseconds, and a plugin declares the same schema each time it is switched on.
function validatorOf(owner: string, schema: SettingsSchema): ValidateFunction {
  const known = validators.get(schema);
  if (known !== undefined) return known;
  const properties = Object.fromEntries(Object.entries(schema).map(([key, one]) => [key, withoutExtensions(one)]));
  const validate = compiled(owner, { type: 'object', additionalProperties: false, properties });
  validators.set(schema, validate);
  return validate;
}

// Without the schema of schemas: making that takes longer than all settings together, and the compiler refuses most of what it would.
function compiled(owner: string, schema: object): ValidateFunction {
  try {
    return new Ajv({ coerceTypes: true, allErrors: true, strict: false, validateSchema: false, meta: false }).compile(schema);
  } catch (error) {
    const message = `${owner}: its settings are no JSON schema: ${error instanceof Error ? error.message : String(error)}.`;
    throw new Invalid('settings.no-schema', { owner, message }, { cause: error });
  }
}

function fieldErrors(validate: ValidateFunction, prefix: string): Readonly<Record<string, string>> {
  const errors = validate.errors ?? [];
  return Object.fromEntries(
    errors.map((error) => [
      `${prefix}${error.instancePath.split('/')[1] || String(error.params['additionalProperty'] ?? '')}`,
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
