import { expect } from 'chai';
import { createApiToken } from '#core/auth/index.js';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { caller, clientOf, idOf, type Client } from './client.js';

const draft = {
  subject: 'Invoice missing',
  text: 'Where is my invoice for March?',
  requester: { email: 'zeynep@example.org', name: 'Zeynep Ak' },
};

describe('tickets over the API', () => {
  let desk: TestDesk;
  let agent: Client;
  beforeEach(async () => {
    desk = await createTestDesk();
    agent = await clientOf(desk, 'can');
  });
  afterEach(() => desk.close());

  it('opens a ticket and answers it in full', async () => {
    const made = await agent('/tickets', { json: { ...draft, priority: 'high', tags: ['billing'] } });

    expect(made.status).to.equal(201);
    expect(made.headers.get('Location')).to.equal(`/api/v1/tickets/${idOf(made)}`);
    expect(made.body).to.deep.include({
      number: 1001,
      subject: 'Invoice missing',
      status: { key: 'open', category: 'open' },
      priority: 'high',
      channel: 'api',
      mailbox: null,
      organization: null,
      assignee: null,
      tags: ['billing'],
      createdAt: '2026-01-05T09:00:00.000Z',
    });
    expect(made.body['requester']).to.deep.include({ name: 'Zeynep Ak', email: 'zeynep@example.org' });
    expect((await agent(`/tickets/${idOf(made)}`)).body).to.deep.equal(made.body);
  });

  it('finds a ticket by a word of its message as soon as the write returned', async () => {
    const made = await agent('/tickets', { json: draft });

    const found = await agent('/search?q=invoi%20march');

    expect(found.body.items?.map(({ kind, id }) => [kind, id])).to.deep.equal([['ticket', idOf(made)]]);
  });

  it('does not let customers search what agents noted', async () => {
    const mina = await clientOf(desk, 'mina');
    const made = await mina('/tickets', { json: { subject: 'Refund', text: 'Please' } });
    await agent(`/tickets/${idOf(made)}/messages`, { json: { kind: 'note', text: 'Possibly a swindler' } });

    expect((await mina('/search?q=swindler')).body.items).to.deep.equal([]);
    expect((await agent('/search?q=swindler')).body.items).to.have.length(1);
  });

  it('pages through a list without missing or repeating a ticket', async () => {
    for (let n = 1; n <= 5; n += 1) await agent('/tickets', { json: { ...draft, subject: `Ticket ${n}` } });

    const seen: unknown[] = [];
    let cursor: string | null | undefined = '';
    for (let pages = 0; cursor !== null && pages < 5; pages += 1) {
      const { body } = await agent(`/tickets?limit=2${cursor ? `&cursor=${cursor}` : ''}`);
      seen.push(...(body.items ?? []).map(({ subject }) => subject));
      cursor = body.next;
    }

    expect(seen).to.deep.equal(['Ticket 5', 'Ticket 4', 'Ticket 3', 'Ticket 2', 'Ticket 1']);
  });

  it('narrows the list with the filter language and refuses what it does not know', async () => {
    await agent('/tickets', { json: { ...draft, priority: 'urgent' } });
    await agent('/tickets', { json: { ...draft, subject: 'Other' } });

    expect((await agent('/tickets?q=priority:urgent')).body.items).to.have.length(1);
    expect(await agent('/tickets?q=colour:red')).to.deep.include({ status: 422 });
    expect((await agent('/tickets?limit=101')).body).to.deep.include({ code: 'api.invalid', fields: { limit: 'must be <= 100' } });
    expect((await agent('/tickets?cursor=nonsense')).body['code']).to.equal('api.bad-cursor');
  });

  it('asks the database a bounded number of times for a page', async () => {
    const queriesFor = async (): Promise<number> => {
      let queries = 0;
      const count = (): void => void (queries += 1);
      desk.storage.read.on('query', count);
      await agent('/tickets?limit=100');
      desk.storage.read.removeListener('query', count);
      return queries;
    };
    await agent('/tickets', { json: { ...draft, tags: ['a'] } });
    await queriesFor();
    const forOne = await queriesFor();
    for (let n = 0; n < 20; n += 1)
      await agent('/tickets', { json: { ...draft, requester: { email: `c${n}@example.org` }, tags: [`t${n}`] } });

    // Statuses and settings are read again every two seconds, whenever that falls.
    expect(await queriesFor()).to.be.at.most(forOne + 2);
    expect(forOne).to.be.below(10);
  });

  it('changes several properties in one step and refuses a stale version', async () => {
    const made = await agent('/tickets', { json: draft });
    const path = `/tickets/${idOf(made)}`;

    const changed = await agent(path, {
      method: 'PATCH',
      json: { status: 'solved', assignee: desk.people.can.id, tags: ['paid'], version: made.body['version'] },
    });
    const stale = await agent(path, { method: 'PATCH', json: { subject: 'Late', version: made.body['version'] } });

    expect(changed.body).to.deep.include({ status: { key: 'solved', category: 'solved' }, tags: ['paid'] });
    expect(changed.body['assignee']).to.deep.equal({ id: desk.people.can.id, name: 'Can Demir', email: 'can@example.com' });
    expect([stale.status, stale.body['code']]).to.deep.equal([409, 'tickets.stale']);
  });

  it('names every wrong field', async () => {
    const { status, body, headers } = await agent('/tickets', {
      json: { subject: '', text: 'x', requester: { name: 'Nobody' }, colour: 'red' },
    });

    expect([status, body['code'], headers.get('Content-Type')]).to.deep.equal([422, 'api.invalid', 'application/problem+json']);
    expect(body['fields']).to.have.all.keys('subject', 'requester.email', 'colour');
  });

  it('shows customers their own tickets, and the desk without private addresses', async () => {
    const mina = await clientOf(desk, 'mina');
    const foreign = await agent('/tickets', { json: draft });
    const own = await mina('/tickets', { json: { subject: 'Mine', text: 'Hello' } });
    await agent(`/tickets/${idOf(own)}`, { method: 'PATCH', json: { assignee: desk.people.can.id } });

    const listed = await mina('/tickets');

    expect(listed.body.items?.map(({ id }) => id)).to.deep.equal([idOf(own)]);
    expect(listed.body.items?.[0]?.['assignee']).to.deep.equal({ id: desk.people.can.id, name: 'Can Demir', email: null });
    expect((await mina(`/tickets/${idOf(foreign)}`)).status).to.equal(404);
    expect((await mina('/tickets', { json: draft })).body['code']).to.equal('tickets.own-only');
    expect((await mina('/tickets', { json: { subject: 'x', text: 'y', priority: 'urgent' } })).status).to.equal(403);
  });

  it('takes nothing but a token, and only within its scopes', async () => {
    const { token } = await createApiToken(desk.app.desk, desk.actor('can'), {
      userId: desk.people.can.id,
      name: 'reader',
      scopes: ['tickets.view'],
    });
    const reader = await clientOf(desk, 'can', token);
    const made = await agent('/tickets', { json: draft });

    const withCookie = await caller(desk)('/tickets', { headers: { Cookie: await desk.cookie('can'), 'Sec-Fetch-Site': 'same-origin' } });

    expect([withCookie.status, withCookie.body['code'], withCookie.headers.get('WWW-Authenticate')]).to.deep.equal([
      401,
      'auth.token-missing',
      'Bearer',
    ]);
    expect((await caller(desk, 'hd_wrong')('/tickets')).body['code']).to.equal('auth.token-invalid');
    expect((await reader(`/tickets/${idOf(made)}`)).status).to.equal(200);
    expect((await reader(`/tickets/${idOf(made)}`, { method: 'PATCH', json: { status: 'solved' } })).status).to.equal(403);
    expect((await reader('/tickets', { json: draft })).status).to.equal(403);
  });

  it('answers an unknown address with 404 and a wrong method with 405', async () => {
    const unknown = await agent('/nothing');
    const wrong = await agent('/tickets', { method: 'DELETE' });

    expect([unknown.status, unknown.body['code']]).to.deep.equal([404, 'http.not-found']);
    expect([wrong.status, wrong.body['code'], wrong.headers.get('Allow')]).to.deep.equal([405, 'http.method-not-allowed', 'GET, POST']);
    expect((await agent('/tickets/999999')).body['code']).to.equal('tickets.not-found');
    expect((await agent('/p/no-such-plugin/x')).status).to.equal(404);
  });
});
