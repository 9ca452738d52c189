import { expect } from 'chai';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { draftsOf, reply, seeTicket, type Ticket } from '#core/tickets/index.js';
import { minaWrites, replyForm, visitor, withOutgoingMail, type Visitor } from './support.js';

describe('what is being written on the desk', () => {
  let desk: TestDesk;
  let can: Visitor;
  let ticket: Ticket;
  beforeEach(async () => {
    desk = await createTestDesk();
    can = await visitor(desk, 'can');
    ticket = await minaWrites(desk);
  });
  afterEach(() => desk.close());

  const path = (): string => `/desk/tickets/${ticket.number}`;
  const now = (): Promise<Ticket> => seeTicket(desk.app.desk, desk.actor('ada'), ticket.id);
  const form = (kind: 'reply' | 'note', body: string): Promise<URLSearchParams> => replyForm(can, ticket, kind, body);

  it('restores what was being written', async () => {
    const saved = await can.post(`${path()}/draft`, {
      kind: 'reply',
      body: '<p>Half a sentence</p>',
      format: 'html',
      cc: 'jonas@example.org',
      unquoted: '1',
    });

    const page = await can.get(path());

    expect(saved.status).to.equal(204);
    expect(page.form(`${path()}/messages`).get('body')).to.include('Half a sentence');
    expect(page.value('cc')).to.equal('jonas@example.org');
    expect(page.form(`${path()}/messages`).get('unquoted')).to.equal('1');
    expect((await (await visitor(desk, 'ada')).get(path())).text).to.include('Can Demir has a draft for this ticket.');
  });

  it('is no draft any more once it was sent, though the browser saved it after that', async () => {
    const fields = await form('reply', '<p>We send <b>new</b> cups.</p>');
    fields.set('format', 'html');
    await can.post(`${path()}/messages`, fields);

    const late = await can.post(`${path()}/draft`, fields);

    expect([late.status, await draftsOf(desk.storage.read, ticket.id)]).to.deep.equal([204, []]);
  });

  it('is a draft in a form that was sent before, and with the same words once the message is old', async () => {
    const fields = await form('reply', 'We send new cups.');
    await can.post(`${path()}/messages`, fields);
    fields.set('body', 'And saucers.');
    await can.post(`${path()}/draft`, fields);
    const other = await draftsOf(desk.storage.read, ticket.id);
    desk.clock.advance(60_000);
    fields.set('body', 'We send new cups.');
    await can.post(`${path()}/draft`, fields);

    expect([...other, ...(await draftsOf(desk.storage.read, ticket.id))].map(({ text }) => text)).to.deep.equal([
      'And saucers.',
      'We send new cups.',
    ]);
  });

  it('takes a held reply back into the draft', async () => {
    await withOutgoingMail(desk);
    const fields = await form('reply', 'We send new cups.');
    fields.set('unquoted', '1');
    const sent = await can.submit(`${path()}/messages`, fields);
    const undo = sent.all('form').find(({ attributes }) => attributes['action']?.endsWith('/undo'))?.attributes['action'] ?? '';

    const page = await can.submit(undo, {});

    expect(sent.text).to.include('Sent to Mina Kaya');
    expect(page.text).to.include('Taken back.');
    expect(page.form(`${path()}/messages`).get('body')).to.equal('We send new cups.');
    expect(page.form(`${path()}/messages`).get('unquoted')).to.equal('1');
    expect((await now()).messageCount).to.equal(1);
  });

  it('says when it is too late to take a reply back', async () => {
    await withOutgoingMail(desk);
    const sent = await can.submit(`${path()}/messages`, await form('reply', 'We send new cups.'));
    const undo = sent.all('form').find(({ attributes }) => attributes['action']?.endsWith('/undo'))?.attributes['action'] ?? '';
    await desk.storage.writeTx((tx) => tx('outbox').update({ state: 'sent' }));

    const page = await can.submit(undo, {});

    expect(page.text).to.include('too late to undo');
  });

  describe('when somebody was faster', () => {
    it('sends nothing when somebody was faster, and keeps the text', async () => {
      const fields = await form('reply', 'We will look for it.');
      await reply(desk.app.desk, desk.actor('ada'), ticket.id, { kind: 'reply', text: 'Already on its way.' });

      const page = await can.submit(`${path()}/messages`, fields);

      expect(page.status).to.equal(409);
      expect(page.alerts.join()).to.include('A newer message arrived.');
      expect(page.text).to.include('Already on its way.');
      expect(page.form(`${path()}/messages`).get('body')).to.equal('We will look for it.');
      expect((await now()).messageCount).to.equal(2);

      const again = page.form(`${path()}/messages`);
      again.set('sendAnyway', page.all('button', 'Send anyway')[0]?.attributes['value'] ?? '');
      expect((await can.post(`${path()}/messages`, again)).status).to.equal(303);
      expect((await now()).messageCount).to.equal(3);
    });

    it('discards a draft after a collision when asked', async () => {
      const fields = await form('reply', 'We will look for it.');
      await reply(desk.app.desk, desk.actor('ada'), ticket.id, { kind: 'reply', text: 'Already on its way.' });
      await can.submit(`${path()}/messages`, fields);
      expect(await draftsOf(desk.storage.read, ticket.id)).to.have.length(1);

      fields.set('discard', '1');
      await can.post(`${path()}/messages`, fields);

      expect(await draftsOf(desk.storage.read, ticket.id)).to.deep.equal([]);
    });
  });
});
