import { Ajv2020, type AnySchema } from 'ajv/dist/2020.js';
import ajvFormats from 'ajv-formats';
import { expect } from 'chai';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { caller, clientOf, idOf } from './client.js';

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>;
  readonly components: object;
}

describe('the OpenAPI document', () => {
  let desk: TestDesk;
  before(async () => {
    desk = await createTestDesk();
  });
  after(() => desk.close());

  it('needs no token and lists every address', async () => {
    const { status, body } = await caller(desk)('/openapi.json');
    const document = body as unknown as Document;

    expect([status, document.openapi]).to.deep.equal([200, '3.1.0']);
    expect(Object.entries(document.paths).map(([path, methods]) => `${Object.keys(methods).join(' ')} ${path}`)).to.have.members([
      'get post /tickets',
      'get patch /tickets/{id}',
      'get post /tickets/{id}/messages',
      'get post /users',
      'get patch /users/{id}',
      'get post /organizations',
      'get patch /organizations/{id}',
      'post /files',
      'get /files/{id}',
      'get /search',
      'get /events',
    ]);
  });

  it('takes schemas that are schemas', async () => {
    const { paths } = (await caller(desk)('/openapi.json')).body as unknown as Document;
    const ajv = new Ajv2020({ strict: false });
    ajvFormats.default(ajv);
    const schemas = schemasIn(paths);

    expect(schemas.length).to.be.greaterThan(20);
    for (const schema of schemas) expect(ajv.validateSchema(schema as AnySchema), JSON.stringify([schema, ajv.errors])).to.equal(true);
  });

  it('describes what is answered', async () => {
    const agent = await clientOf(desk, 'ada');
    const document = (await agent('/openapi.json')).body as unknown as Document;
    const ajv = new Ajv2020({ strict: false });
    ajvFormats.default(ajv);
    ajv.addSchema({ $id: 'api', ...document });
    const made = await agent('/tickets', { json: { subject: 'Lamp', text: 'Broken', requester: { email: 'x@example.org' }, tags: ['a'] } });
    await agent(`/tickets/${idOf(made)}/messages`, { json: { kind: 'reply', text: 'Sorry' } });
    await agent('/organizations', { json: { name: 'Mavi' } });

    for (const path of ['/tickets', '/tickets/{id}', '/tickets/{id}/messages', '/users', '/organizations', '/search', '/events']) {
      const pointer = `api#/paths/${path.replaceAll('/', '~1').replaceAll('{', '%7B').replaceAll('}', '%7D')}/get/responses/200/content/application~1json/schema`;
      const { body } = await agent(`${path.replace('{id}', String(idOf(made)))}${path === '/search' ? '?q=lamp' : ''}`);
      const validate = ajv.getSchema(pointer);
      expect(validate?.(body), `${path}: ${JSON.stringify(validate?.errors)}`).to.equal(true);
    }
  });
});

/** Everything under a key `schema`, wherever it stands. */
function schemasIn(value: unknown): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) => (key === 'schema' ? [one] : schemasIn(one)));
}
