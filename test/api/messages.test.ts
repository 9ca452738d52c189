import { expect } from 'chai';
import { createTestDesk, startSmtpSink, type SmtpSink, type TestDesk } from '#core/testing/index.js';
import { saveMailbox } from '#core/mail/index.js';
import { clientOf, idOf, type Client } from './client.js';

describe('messages over the API', () => {
  let desk: TestDesk;
  let agent: Client;
  let mina: Client;
  let ticketId: number;
  beforeEach(async () => {
    desk = await createTestDesk();
    agent = await clientOf(desk, 'can');
    mina = await clientOf(desk, 'mina');
    ticketId = idOf(await mina('/tickets', { json: { subject: 'Broken lamp', text: 'It does not shine.' } }));
  });
  afterEach(() => desk.close());

  it('adds a reply and changes the status in the same step', async () => {
    const added = await agent(`/tickets/${ticketId}/messages`, {
      json: { kind: 'reply', text: 'A new one is on its way.', status: 'solved' },
    });

    expect(added.status).to.equal(201);
    expect(added.body).to.deep.include({ kind: 'reply', direction: 'out', text: 'A new one is on its way.', html: null, attachments: [] });
    expect((await agent(`/tickets/${ticketId}`)).body['status']).to.deep.equal({ key: 'solved', category: 'solved' });
  });

  it('hides notes from customers, in the list and behind files', async () => {
    const form = new FormData();
    form.set('file', new Blob(['secret']), 'secret.txt');
    const fileId = idOf(await agent('/files', { form }));
    await agent(`/tickets/${ticketId}/messages`, { json: { kind: 'note', text: 'Third time this year.', files: [fileId] } });
    await agent(`/tickets/${ticketId}/messages`, { json: { kind: 'reply', text: 'Sorry!' } });

    const seen = await mina(`/tickets/${ticketId}/messages`);

    expect(seen.body.items?.map(({ text }) => text)).to.deep.equal(['It does not shine.', 'Sorry!']);
    expect((await agent(`/tickets/${ticketId}/messages`)).body.items).to.have.length(3);
    expect((await mina(`/files/${fileId}`)).status).to.equal(404);
    expect((await mina(`/tickets/${ticketId}/messages`, { json: { kind: 'note', text: 'mine' } })).status).to.equal(403);
  });

  it('pages oldest first', async () => {
    for (const text of ['one', 'two', 'three']) await agent(`/tickets/${ticketId}/messages`, { json: { kind: 'note', text } });

    const first = await agent(`/tickets/${ticketId}/messages?limit=3`);
    const second = await agent(`/tickets/${ticketId}/messages?limit=3&cursor=${String(first.body.next)}`);

    expect(first.body.items).to.have.length(3);
    expect(second.body.items?.map(({ text }) => text)).to.deep.equal(['three']);
    expect(second.body.next).to.equal(null);
  });

  it('lets customers neither set a status of their choice on foreign tickets nor send copies', async () => {
    const followed = idOf(await agent('/tickets', { json: { subject: 'Shared', text: 'x', requester: { email: 'other@example.org' } } }));
    await desk.storage.writeTx((tx) => tx('followers').insert({ ticket_id: followed, user_id: desk.people.mina.id, created_at: 0 }));

    expect((await mina(`/tickets/${followed}/messages`, { json: { kind: 'reply', text: 'close it', status: 'closed' } })).status).to.equal(
      403,
    );
    expect(
      (await mina(`/tickets/${ticketId}/messages`, { json: { kind: 'reply', text: 'hi', cc: ['victim@example.org'] } })).status,
    ).to.equal(403);
    expect((await mina(`/tickets/${followed}/messages`, { json: { kind: 'reply', text: 'Me too' } })).status).to.equal(201);
  });
});

describe('the delivery of a message', () => {
  let desk: TestDesk;
  let sink: SmtpSink;
  beforeEach(async () => {
    desk = await createTestDesk();
    sink = await startSmtpSink();
    await saveMailbox(desk.app.desk, desk.actor('ada'), {
      name: 'Shop',
      address: 'help@example.com',
      transport: { host: '127.0.0.1', port: sink.port, encryption: 'auto', isOperators: true },
    });
  });
  afterEach(async () => {
    await desk.close();
    await sink.close();
  });

  it('is shown to agents, under the Message-ID that was sent', async () => {
    const [agent, mina] = [await clientOf(desk, 'can'), await clientOf(desk, 'mina')];
    const ticketId = idOf(await mina('/tickets', { json: { subject: 'Broken lamp', text: 'It does not shine.' } }));
    const added = await agent(`/tickets/${ticketId}/messages`, { json: { kind: 'reply', text: 'On its way.' } });
    expect(added.body['delivery']).to.deep.equal({ state: 'queued', attempts: 0, error: null });

    await desk.settle();

    const sent = (await agent(`/tickets/${ticketId}/messages`)).body.items?.at(-1);
    expect(sent?.['messageId'])
      .to.equal(added.body['messageId'])
      .and.to.match(/^<.+@.+>$/);
    expect(sent?.['delivery']).to.deep.include({ state: 'sent', attempts: 1 });
    expect((await mina(`/tickets/${ticketId}/messages`)).body.items?.at(-1)?.['delivery']).to.equal(null);
    expect(sink.mails.filter(({ to }) => to.includes('mina@example.com'))).to.have.length(1);
  });
});
