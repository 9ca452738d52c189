import { coreVersion } from '../paths.ts';
import type { Endpoint, Schema } from './endpoint.ts';
import { components, ref } from './schemas.ts';

interface ObjectSchema {
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
}

/** The OpenAPI 3.1 document, from the schemas that check the requests. */
export function openApiDocument(endpoints: readonly Endpoint[], url: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const one of endpoints) {
    const path = one.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [one.method.toLowerCase()]: operation(one) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'helpdesk', version: coreVersion },
    servers: [{ url: new URL('/api/v1', url).href }],
    security: [{ token: [] }],
    paths,
    components: { schemas: components, securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
  };
}

function operation(one: Endpoint): object {
  const parameters = [
    ...(one.path.includes(':id') ? [{ name: 'id', in: 'path', required: true, schema: { type: 'integer' } }] : []),
    ...queryParameters(one.query),
    ...(one.method === 'POST'
      ? [{ name: 'Idempotency-Key', in: 'header', required: false, schema: { type: 'string', maxLength: 200 } }]
      : []),
  ];
  return {
    summary: one.summary,
    operationId: `${one.method.toLowerCase()}${one.path.replaceAll(/[/:]+(\w)/g, (_all, letter: string) => letter.toUpperCase())}`,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...requestBody(one),
    responses: {
      [one.method === 'POST' ? '201' : '200']: {
        description: 'Done',
        content: one.answer === 'file' ? { '*/*': {} } : { 'application/json': { schema: one.answer } },
      },
      default: { description: 'A problem', content: { 'application/problem+json': { schema: ref('Problem') } } },
    },
  };
}

function queryParameters(schema: Schema | undefined): readonly object[] {
  const { properties = {}, required = [] } = (schema ?? {}) as ObjectSchema;
  return Object.entries(properties).map(([name, one]) => ({ name, in: 'query', required: required.includes(name), schema: one }));
}

function requestBody({ body, isUpload }: Endpoint): object {
  if (isUpload === true) {
    const schema = {
      type: 'object',
      required: ['file'],
      properties: { file: { type: 'string', contentMediaType: 'application/octet-stream' } },
    };
    return { requestBody: { required: true, content: { 'multipart/form-data': { schema } } } };
  }
  return body === undefined ? {} : { requestBody: { required: true, content: { 'application/json': { schema: body } } } };
}
