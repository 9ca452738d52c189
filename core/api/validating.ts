import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import ajvFormats from 'ajv-formats';
import { Invalid } from '../kernel/errors.ts';
import type { Schema } from './endpoint.ts';

const bodies = new Ajv2020({ allErrors: true, useDefaults: true, strict: false });
const queries = new Ajv2020({ allErrors: true, useDefaults: true, coerceTypes: true, strict: false });
for (const ajv of [bodies, queries]) ajvFormats.default(ajv);

export type Check = (value: unknown) => void;

/** @throws Invalid `api.invalid` with a sentence for each wrong field. */
export function bodyCheck(schema: Schema): Check {
  return check(bodies.compile(schema));
}

/** As `bodyCheck`, for texts of an address: numbers are read out of them. */
export function queryCheck(schema: Schema): Check {
  return check(queries.compile(schema));
}

function check(validate: ValidateFunction): Check {
  return (value) => {
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
