import { expect } from 'chai';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { listTickets } from '#core/inbox/index.js';
import { editTicket, mergeTickets, openTicket, reply, undoReply } from '#core/tickets/index.js';
import { listUsers } from '#core/users/index.js';

describe('search', () => {
  let desk: TestDesk;
  beforeEach(async () => {
    desk = await createTestDesk();
  });
  afterEach(() => desk.close());

  const open = async (subject: string, text: string) =>
    (
      await openTicket(desk.app.desk, desk.actor('can'), {
        subject,
        requester: { email: 'someone@example.org' },
        message: { text },
        channel: 'phone',
      })
    ).ticket;
  const found = async (query: string): Promise<readonly number[]> =>
    (await listTickets(desk.app.desk, desk.actor('can'), { filter: query, limit: 50 })).items.map(({ number }) => number);

  it('finds Turkish words in any case and without their accents', async () => {
    const ticket = await open('IŞIK kırıldı', 'İstanbul deposundan gönderilen ışık IĞDIR yolunda kırılmış.');

    for (const query of ['ışık', 'ISIK', 'isik', 'İSTANBUL', 'istanbul', 'ığdır', 'IGDIR', 'gonderilen'])
      expect(await found(query), query).to.deep.equal([ticket.number]);
  });

  it('finds beginnings of words, and only what holds all of them', async () => {
    const ticket = await open('Invoice missing', 'The invoice of March is missing.');
    await open('Something else', 'Nothing to see, invoice only.');

    expect(await found('invo marc')).to.deep.equal([ticket.number]);
    expect(await found('invoice april')).to.deep.equal([]);
  });

  it('follows every change at once', async () => {
    const ticket = await open('Old subject', 'text');
    await editTicket(desk.app.desk, desk.actor('can'), ticket.id, { subject: 'Brandnew subject' });
    const message = await reply(desk.app.desk, desk.actor('can'), ticket.id, { kind: 'note', text: 'quokka' });

    expect(await found('old')).to.deep.equal([]);
    expect(await found('brandnew')).to.deep.equal([ticket.number]);
    expect(await found('quokka')).to.deep.equal([ticket.number]);
    expect(await undoReply(desk.app.desk, desk.actor('can'), message.id).catch((error: { code: string }) => error.code)).to.equal(
      'outbox.too-late',
    );
  });

  it('leads to the ticket that a merged one went into', async () => {
    const first = await open('One', 'zebra');
    const second = await open('Two', 'lion');
    await mergeTickets(desk.app.desk, desk.actor('can'), first.id, second.id);

    expect(await found('zebra')).to.deep.equal([second.number]);
  });

  it('takes quotes, stars and operators of both engines as words', async () => {
    const ticket = await open('Percent 100% & "quotes"', "it's (a) test: NOT* a -trap | really");

    for (const query of ['"quotes"', "it's", 'NOT*', 'trap |', '100%', "'; drop table tickets; --", '\\', '((((', 'a & b !'])
      expect(await found(query).catch((error: Error) => error.message), query).to.be.an('array');
    expect(await found('100%')).to.deep.equal([ticket.number]);
  });

  it('finds people by name, part of a name and address', async () => {
    const names = async (query: string) => (await listUsers(desk.storage.read, { query, limit: 10 })).map(({ name }) => name);

    expect(await names('yilmaz')).to.deep.equal(['Ada Yılmaz']);
    expect(await names('mina@')).to.deep.equal(['Mina Kaya']);
    expect(await names('100%')).to.deep.equal([]);
  });
});
