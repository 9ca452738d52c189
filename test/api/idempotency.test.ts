import { expect } from 'chai';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { clientOf, idOf, type Client } from './client.js';

const headers = { 'Idempotency-Key': 'order-77' };
const draft = { subject: 'Lamp', text: 'Broken', requester: { email: 'x@example.org' } };

describe('an Idempotency-Key', () => {
  let desk: TestDesk;
  let agent: Client;
  beforeEach(async () => {
    desk = await createTestDesk();
    agent = await clientOf(desk, 'can');
  });
  afterEach(() => desk.close());

  it('gets the same answer for the same request, which is done once', async () => {
    const first = await agent('/tickets', { json: draft, headers });
    const again = await agent('/tickets', { json: draft, headers });

    expect([again.status, again.body]).to.deep.equal([201, first.body]);
    expect(again.headers.get('Idempotent-Replayed')).to.equal('true');
    expect((await agent('/tickets')).body.items).to.have.length(1);
  });

  it('is refused with another body or another address', async () => {
    const made = await agent('/tickets', { json: draft, headers });

    const other = await agent('/tickets', { json: { ...draft, text: 'Different' }, headers });
    const elsewhere = await agent(`/tickets/${idOf(made)}/messages`, { json: { kind: 'note', text: 'x' }, headers });

    expect([other.status, other.body['code']]).to.deep.equal([409, 'api.idempotency-mismatch']);
    expect(elsewhere.body['code']).to.equal('api.idempotency-mismatch');
  });

  it('does one of many requests that arrive together', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => agent('/tickets', { json: draft, headers })));

    expect(answers.some(({ status }) => status === 201)).to.equal(true);
    expect(['made', 'api.idempotency-in-flight']).to.include.members([
      ...new Set(answers.map(({ status, body }) => (status === 201 ? 'made' : body['code']))),
    ]);
    expect((await agent('/tickets')).body.items).to.have.length(1);
  });

  it('is free again after a refused request, after a day, and when its process died', async () => {
    expect((await agent('/tickets', { json: { ...draft, requester: { email: 'not an address' } }, headers })).status).to.equal(422);
    expect((await agent('/tickets', { json: draft, headers })).status).to.equal(201);
    desk.clock.advance(86_400_000);
    expect((await agent('/tickets', { json: { ...draft, text: 'Next day' }, headers })).status).to.equal(201);

    await desk.storage.writeTx((tx) => tx('idempotency_keys').update({ status: null }));
    expect((await agent('/tickets', { json: { ...draft, text: 'Next day' }, headers })).body['code']).to.equal('api.idempotency-in-flight');
    desk.clock.advance(60_000);
    expect((await agent('/tickets', { json: { ...draft, text: 'Next day' }, headers })).status).to.equal(201);
  });

  it('belongs to one person, and works for people, organizations and files', async () => {
    const admin = await clientOf(desk, 'ada');
    const upload = (): FormData => {
      const form = new FormData();
      form.set('file', new Blob(['hello']), 'a.txt');
      return form;
    };

    expect((await agent('/users', { json: { email: 'new@example.org' }, headers })).status).to.equal(201);
    expect((await agent('/users', { json: { email: 'new@example.org' }, headers })).status).to.equal(201);
    expect((await admin('/users', { json: { email: 'new@example.org' }, headers })).body['code']).to.equal('users.email-taken');
    const file = await agent('/files', { form: upload(), headers: { 'Idempotency-Key': 'f' } });
    expect((await agent('/files', { form: upload(), headers: { 'Idempotency-Key': 'f' } })).body).to.deep.equal(file.body);
  });
});
