import { expect } from 'chai';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { clientOf, idOf, type Client } from './client.js';

describe('people over the API', () => {
  let desk: TestDesk;
  let admin: Client;
  let agent: Client;
  let mina: Client;
  beforeEach(async () => {
    desk = await createTestDesk();
    [admin, agent, mina] = [await clientOf(desk, 'ada'), await clientOf(desk, 'can'), await clientOf(desk, 'mina')];
  });
  afterEach(() => desk.close());

  it('creates, reads, changes and finds people', async () => {
    const organization = idOf(await agent('/organizations', { json: { name: 'Mavi Deniz', domains: ['mavi.example'] } }));
    const made = await agent('/users', { json: { name: 'Işıl Ak', email: 'isil@mavi.example' } });

    expect(made.status).to.equal(201);
    expect(made.body).to.deep.include({
      name: 'Işıl Ak',
      email: 'isil@mavi.example',
      role: 'customer',
      organization: { id: organization, name: 'Mavi Deniz' },
      isActive: true,
      version: 1,
    });
    const changed = await agent(`/users/${idOf(made)}`, {
      method: 'PATCH',
      json: { notes: 'Rings on Mondays', organization: null, version: 1 },
    });
    expect(changed.body).to.deep.include({ notes: 'Rings on Mondays', organization: null, version: 2 });
    expect((await agent(`/users/${idOf(made)}`, { method: 'PATCH', json: { name: 'x', version: 1 } })).status).to.equal(409);
    expect((await agent('/users?q=isil')).body.items?.map(({ id }) => id)).to.deep.equal([idOf(made)]);
  });

  it('keeps what a change of an organization does not name', async () => {
    const made = await agent('/organizations', { json: { name: 'Mavi Deniz', domains: ['mavi.example'], notes: 'Since 2019' } });

    const changed = await agent(`/organizations/${idOf(made)}`, { method: 'PATCH', json: { name: 'Mavi' } });

    expect(changed.body).to.deep.include({ name: 'Mavi', domains: ['mavi.example'], notes: 'Since 2019' });
    expect((await agent('/organizations', { json: { name: 'Twin', domains: ['mavi.example'] } })).status).to.equal(409);
    expect((await agent('/organizations/999')).status).to.equal(404);
    expect((await agent('/users', { json: { email: 'x@example.org', organization: 999 } })).body['code']).to.equal('organizations.unknown');
  });

  it('lets only administrators make agents', async () => {
    const wanted = { email: 'new@example.com', role: 'agent' };

    expect((await agent('/users', { json: wanted })).status).to.equal(403);
    expect((await admin('/users', { json: wanted })).body['role']).to.equal('agent');
    expect((await admin('/users', { json: wanted })).body['code']).to.equal('users.email-taken');
  });

  it('shows customers nobody but themselves', async () => {
    await agent(`/users/${desk.people.mina.id}`, { method: 'PATCH', json: { notes: 'Difficult' } });

    expect((await mina('/users')).status).to.equal(403);
    expect((await mina('/organizations')).status).to.equal(403);
    expect((await mina(`/users/${desk.people.can.id}`)).status).to.equal(403);
    expect((await mina(`/users/${desk.people.mina.id}`)).body).to.deep.include({ email: 'mina@example.com', notes: null });
  });

  it('pages by id', async () => {
    const first = await agent('/users?limit=2');
    const second = await agent(`/users?limit=2&cursor=${String(first.body.next)}`);

    expect([...(first.body.items ?? []), ...(second.body.items ?? [])].map(({ email }) => email)).to.deep.equal([
      'ada@example.com',
      'can@example.com',
      'mina@example.com',
    ]);
    expect(second.body.next).to.equal(null);
  });
});

describe('events over the API', () => {
  let desk: TestDesk;
  beforeEach(async () => {
    desk = await createTestDesk();
  });
  afterEach(() => desk.close());

  it('streams what happened after an event, without what the reader may not see', async () => {
    const [admin, agent, mina] = [await clientOf(desk, 'ada'), await clientOf(desk, 'can'), await clientOf(desk, 'mina')];
    const ticketId = idOf(await agent('/tickets', { json: { subject: 'Lamp', text: 'Broken', requester: { email: 'mina@example.com' } } }));

    const all = await admin('/events?after=0&limit=100');
    const last = all.body.items?.at(-1);

    expect(last).to.deep.include({
      name: 'ticket.opened',
      ticketId,
      actor: { kind: 'user', id: desk.people.can.id, plugin: null },
      occurredAt: '2026-01-05T09:00:00.000Z',
    });
    expect((await agent('/events')).body.items?.map(({ name }) => name)).to.deep.equal(['ticket.opened']);
    expect((await admin(`/events?after=${String(last?.['id'])}`)).body).to.deep.equal({ items: [], next: null });
    expect((await mina('/events')).status).to.equal(403);
  });
});
