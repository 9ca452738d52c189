import { expect } from 'chai';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { assign, reply, saveDraft, seeTicket, tagsOf } from '#core/tickets/index.js';
import { minaWrites, visitor, type Visitor } from './support.js';

describe('lists on the desk', () => {
  let desk: TestDesk;
  let can: Visitor;
  beforeEach(async () => {
    desk = await createTestDesk();
    can = await visitor(desk, 'can');
  });
  afterEach(() => desk.close());

  it('leads to the agent’s own tickets, or to all open ones when there are none', async () => {
    const ticket = await minaWrites(desk);
    expect((await desk.fetch('/desk', { as: 'can' })).headers.get('Location')).to.equal('/desk/inbox/open');

    await assign(desk.app.desk, desk.actor('ada'), ticket.id, desk.people.can.id);

    expect((await desk.fetch('/desk', { as: 'can' })).headers.get('Location')).to.equal('/desk/inbox/mine');
  });

  it('shows what was mentioned, drafted and sent', async () => {
    const [mentioned, drafted, sent] = [
      await minaWrites(desk, 'Mentioned'),
      await minaWrites(desk, 'Drafted'),
      await minaWrites(desk, 'Answered'),
    ];
    await reply(desk.app.desk, desk.actor('ada'), mentioned.id, { kind: 'note', text: '@Can', mentioned: [desk.people.can.id] });
    await saveDraft(desk.app.desk, desk.actor('can'), drafted.id, { kind: 'reply', text: 'Half' });
    await reply(desk.app.desk, desk.actor('can'), sent.id, { kind: 'reply', text: 'Whole' });
    await desk.settle();

    for (const [view, subject] of [
      ['mentions', 'Mentioned'],
      ['drafts', 'Drafted'],
      ['sent', 'Answered'],
    ]) {
      const page = await can.get(`/desk/inbox/${view}`);
      expect(
        page.all('li').filter(({ attributes }) => attributes['id']?.startsWith('row-')),
        view,
      ).to.have.length(1);
      expect(page.has('a', subject ?? ''), view).to.equal(true);
    }
  });

  it('marks what the agent was told of until they open it', async () => {
    const ticket = await minaWrites(desk);
    await desk.settle();
    expect((await can.get('/desk/inbox/open')).text).to.include('Unread. Two cups are broken');

    await can.get(`/desk/tickets/${ticket.number}`);

    expect((await can.get('/desk/inbox/open')).text).to.not.include('Unread.');
    expect(await desk.storage.read('notifications').where({ user_id: desk.people.can.id }).whereNull('read_at')).to.deep.equal([]);
  });

  it('filters, and says what is wrong with a filter', async () => {
    await minaWrites(desk, 'Grinder');
    await minaWrites(desk, 'Invoice');

    const found = await can.get('/desk/inbox/open?q=grinder');
    expect([found.has('a', 'Grinder'), found.has('a', 'Invoice')]).to.deep.equal([true, false]);
    expect(found.has('a', 'Remove the filter grinder')).to.equal(true);

    const refused = await can.get('/desk/inbox/open?q=foo:bar');
    expect(refused.status).to.equal(200);
    expect(refused.text).to.include('The filter foo does not exist.');
    expect(refused.value('q')).to.equal('foo:bar');
  });

  it('pages by key and keeps the order', async () => {
    for (let index = 0; index < 52; index += 1) {
      desk.clock.advance(1000);
      await minaWrites(desk, `Number ${index}`);
    }

    const first = await can.get('/desk/inbox/open?sort=oldest');
    const second = await can.get(first.href('Older') ?? '');

    expect(first.has('a', 'Number 0')).to.equal(true);
    expect(second.all('li').filter(({ attributes }) => attributes['id']?.startsWith('row-'))).to.have.length(2);
    expect(second.has('a', 'Number 51')).to.equal(true);
  });

  it('changes many tickets, and reports those it could not change', async () => {
    const [one, two] = [await minaWrites(desk, 'One'), await minaWrites(desk, 'Two')];
    const both = new URLSearchParams([
      ['ticket', String(one.number)],
      ['ticket', String(two.number)],
      ['do', 'status:solved'],
    ]);

    const page = await can.submit('/desk/inbox/open/bulk', both);

    expect(page.has('h1', '2 tickets were changed.')).to.equal(true);
    expect((await seeTicket(desk.app.desk, desk.actor('ada'), two.id)).category).to.equal('solved');
    const refused = await can.submit('/desk/inbox/open/bulk', { ticket: String(one.number), do: 'assign:999' });
    expect(refused.text).to.include('One ticket was skipped').and.include('Tickets can be assigned to active agents only.');
  });

  it('tags every ticket of a view, also those on later pages', async () => {
    const tickets = [await minaWrites(desk, 'One'), await minaWrites(desk, 'Two'), await minaWrites(desk, 'Three')];

    await can.post('/desk/inbox/open/bulk', { all: '1', q: '', do: 'tag', tag: 'Fragile' });

    const tags = await tagsOf(
      desk.storage.read,
      tickets.map(({ id }) => id),
    );
    expect([...tags.values()]).to.deep.equal([['Fragile'], ['Fragile'], ['Fragile']]);
  });

  it('saves, changes and removes a view', async () => {
    await minaWrites(desk, 'Grinder');
    const made = await can.post('/desk/views', { name: 'Machines', q: 'is:open grinder' });
    const path = made.headers.get('Location') ?? '';
    expect((await can.get(path)).has('h1', 'Machines')).to.equal(true);
    expect((await can.submit('/desk/views', { name: '', q: 'is:open' })).alerts.join()).to.include('Give the view a name.');

    const id = (await desk.storage.read('views').where({ is_builtin: false }).first('id')).id;
    await can.post(`/desk/views/${id}`, { name: 'Grinders', q: 'grinder' });
    expect((await can.get('/desk/views')).has('a', 'Grinders')).to.equal(true);

    await can.post(`/desk/views/${id}/delete`, {});
    expect((await can.get(path)).status).to.equal(404);
  });

  it('finds tickets and customers, by number too', async () => {
    const ticket = await minaWrites(desk, 'Grinder');

    const page = await can.get('/desk/search?q=mina');
    expect(page.href('Mina Kaya')).to.equal(`/desk/customers/${desk.people.mina.id}`);
    expect(page.href('Grinder')).to.equal(`/desk/tickets/${ticket.number}`);
    expect((await can.get(`/desk/search?q=%23${ticket.number}`)).has('a', 'Grinder')).to.equal(true);

    const { items } = (await (await desk.fetch('/desk/palette?q=grin', { as: 'can' })).json()) as { items: readonly { href: string }[] };
    expect(items.map(({ href }) => href)).to.include(`/desk/tickets/${ticket.number}`);
  });
});
