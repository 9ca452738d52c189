import { isRecord } from './time-tag.ts';

/*
 * The data of one form field, written in a template:
 *   {{> ui/field (field name="email" type="email" label="auth.email" value=email errors=errors)}}
 * `label` and `help` are catalog keys or sentences; the error is found by the field's name.
 */
export function fieldFrom(hash: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { errors, ...rest } = hash;
  const name = typeof hash['name'] === 'string' ? hash['name'] : '';
  return { type: 'text', ...rest, ...errorOf(errors, name) };
}

function errorOf(errors: unknown, name: string): { error?: unknown } {
  if (!isRecord(errors) || !isRecord(errors['byField'])) return {};
  const error = errors['byField'][name];
  return error === undefined ? {} : { error };
}
