import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import ajvFormats from 'ajv-formats';
import { Invalid } from '../kernel/errors.ts';
import type { Schema } from './endpoint.ts';

// Our own schemas, which a test looks at: a desk does not check them again each time it starts.
const options = { allErrors: true, useDefaults: true, strict: false, validateSchema: false } as const;
const bodies = new Ajv2020(options);
const queries = new Ajv2020({ ...options, coerceTypes: true });
for (const ajv of [bodies, queries]) ajvFormats.default(ajv);

export type Check = (value: unknown) => void;

/** @throws Invalid `api.invalid` with a sentence for each wrong field. */
export function bodyCheck(schema: Schema): Check {
  return check(bodies, schema);
}

/** As `bodyCheck`, for texts of an address: numbers are read out of them. */
export function queryCheck(schema: Schema): Check {
  return check(queries, schema);
}

// Made when it is first needed: starting a desk would take a fifth longer for addresses that nobody may ask for.
function check(ajv: Ajv2020, schema: Schema): Check {
  let made: ValidateFunction | undefined;
  return (value) => {
    const validate = (made ??= ajv.compile(schema));
    if (!validate(value)) throw new Invalid('api.invalid', { fields: Object.fromEntries((validate.errors ?? []).map(describe)) });
  };
}

function describe({ instancePath, keyword, message, params }: ErrorObject): readonly [string, string] {
  const place = instancePath.slice(1).replaceAll('/', '.');
  const named: unknown =
    keyword === 'required' ? params['missingProperty'] : keyword === 'additionalProperties' ? params['additionalProperty'] : undefined;
  const field = [place, ...(typeof named === 'string' ? [named] : [])].filter((part) => part !== '').join('.') || 'body';
  if (keyword === 'required') return [field, 'is required'];
  if (keyword === 'additionalProperties') return [field, 'is unknown'];
  return [
    field,
    keyword === 'enum' ? `must be one of ${(params['allowedValues'] as readonly string[]).join(', ')}` : (message ?? 'is invalid'),
  ];
}
