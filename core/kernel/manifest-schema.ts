import { Ajv, type ErrorObject } from 'ajv';

export interface PermissionDeclaration {
  readonly key: string;
  readonly title: string;
  /** Roles that get it on the first installation, once. */
  readonly defaultRoles?: readonly ('admin' | 'agent' | 'customer')[];
}

/** The `helpdesk` field of a plugin's package.json, readable without running its code. */
export interface PluginManifest {
  readonly manifest: 1;
  readonly id: string;
  readonly title: string;
  /** A range of plugin API versions, never of product versions. */
  readonly api: string;
  /** Advice only: outside it there is a note, never a block. */
  readonly testedWith?: string;
  readonly main?: string;
  readonly icon?: string;
  readonly homepage?: string;
  /** Plugin ids and version ranges. */
  readonly requires?: Readonly<Record<string, string>>;
  readonly optional?: Readonly<Record<string, string>>;
  readonly conflicts?: Readonly<Record<string, string>>;
  /** Names of services. */
  readonly provides?: readonly string[];
  readonly db?: {
    readonly slug: string;
    readonly migrations: string;
    readonly engines?: readonly ('sqlite3' | 'pg')[];
    /** Own tables that hold some hundred rows at most, such as one for each mailbox; pages may read them whole. */
    readonly small?: readonly string[];
  };
  readonly locales?: string;
  readonly templates?: string;
  readonly assets?: string;
  /** Core templates this plugin replaces. */
  readonly overrides?: readonly string[];
  readonly permissions?: readonly PermissionDeclaration[];
  /** Declared intent: `tickets:read`, `net:api.example.com` and the like. */
  readonly uses?: readonly string[];
  /** `false`: the plugin stores nothing about people, so it need not answer privacy requests. */
  readonly personalData?: false;
  readonly contributes?: {
    readonly adminPages?: readonly { readonly path: string; readonly title: string }[];
    readonly slots?: readonly string[];
    readonly jobs?: readonly { readonly name: string; readonly cron?: string }[];
    readonly hooks?: { readonly listens?: readonly string[]; readonly defines?: readonly string[] };
    readonly cli?: readonly string[];
  };
}

const reservedIds = ['core', 'admin', 'api', 'assets', 'theme', 'install', 'restart'];
const text = { type: 'string', minLength: 1, maxLength: 500 } as const;
const id = { type: 'string', pattern: '^[a-z][a-z0-9]*(-[a-z0-9]+)*$', maxLength: 40, not: { enum: reservedIds } } as const;
const range = { type: 'string', minLength: 1, maxLength: 100 } as const;
const ranges = { type: 'object', propertyNames: id, additionalProperties: range } as const;
const names = { type: 'array', items: text, uniqueItems: true } as const;
// Relative, forward slashes, no `..` segment: the file system then decides about symbolic links.
const relativePath = {
  type: 'string',
  minLength: 1,
  maxLength: 200,
  pattern: String.raw`^(?![/\\])(?![A-Za-z]:)(?!.*\\)(?!(.*/)?\.\.(/|$))[^\u0000]+$`,
} as const;

function object(properties: Readonly<Record<string, unknown>>, required: readonly string[] = []): Readonly<Record<string, unknown>> {
  return { type: 'object', additionalProperties: false, properties, required };
}

/** The JSON schema of a manifest; editors use it through `$schema`. */
export const manifestSchema: Readonly<Record<string, unknown>> = {
  $id: 'https://helpdesk.invalid/plugin-manifest-1.json',
  ...object(
    {
      $schema: text,
      manifest: { const: 1 },
      id,
      title: text,
      api: range,
      testedWith: range,
      main: { ...relativePath, pattern: String.raw`${relativePath.pattern.slice(0, -1)}(?<=\.(js|mjs|cjs))$` },
      icon: relativePath,
      homepage: { type: 'string', pattern: '^https?://', maxLength: 500 },
      requires: ranges,
      optional: ranges,
      conflicts: ranges,
      provides: names,
      db: object(
        {
          slug: { type: 'string', pattern: '^[a-z][a-z0-9_]{1,15}$' },
          migrations: relativePath,
          engines: { type: 'array', items: { enum: ['sqlite3', 'pg'] }, minItems: 1, uniqueItems: true },
          small: names,
        },
        ['slug', 'migrations'],
      ),
      locales: relativePath,
      templates: relativePath,
      assets: relativePath,
      overrides: names,
      permissions: {
        type: 'array',
        items: object(
          { key: text, title: text, defaultRoles: { type: 'array', items: { enum: ['admin', 'agent', 'customer'] }, uniqueItems: true } },
          ['key', 'title'],
        ),
      },
      uses: {
        type: 'array',
        uniqueItems: true,
        items: {
          type: 'string',
          pattern: String.raw`^((tickets|users):(read|write)|mail:send|jobs|files|secrets|net:[A-Za-z0-9.*-]+(:\d+)?)$`,
        },
      },
      personalData: { const: false },
      contributes: object({
        adminPages: { type: 'array', items: object({ path: text, title: text }, ['path', 'title']) },
        slots: names,
        jobs: { type: 'array', items: object({ name: text, cron: text }, ['name']) },
        hooks: object({ listens: names, defines: names }),
        cli: names,
      }),
    },
    ['manifest', 'id', 'title', 'api'],
  ),
  patternProperties: { '^x-': {} },
};

const validate = new Ajv({ allErrors: true, strict: true, strictRequired: false, allowUnionTypes: true }).compile<PluginManifest>(
  manifestSchema,
);

export type ManifestCheck = { readonly manifest: PluginManifest } | { readonly problems: readonly string[] };

/** Checks the parsed `helpdesk` field; the problems are sentences for its author. */
export function checkManifest(field: unknown): ManifestCheck {
  if (validate(field)) return { manifest: field };
  return { problems: [...new Set((validate.errors ?? []).map(sentence))] };
}

function sentence(error: ErrorObject): string {
  const where = error.instancePath === '' ? 'helpdesk' : `helpdesk${error.instancePath.replaceAll('/', '.')}`;
  const params: Readonly<Record<string, unknown>> = error.params;
  switch (error.keyword) {
    case 'additionalProperties':
      return `${where} has an unknown field "${String(params['additionalProperty'])}".`;
    case 'required':
      return `${where} lacks "${String(params['missingProperty'])}".`;
    case 'propertyNames':
      return `${where} names "${String(params['propertyName'])}", which is not a plugin id.`;
    case 'not':
      return `${where} is reserved (${reservedIds.join(', ')}).`;
    default:
      return `${where} ${error.message ?? 'is not valid'}.`;
  }
}
