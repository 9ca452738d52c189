import { expect } from 'chai';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { reply, seeTicket, tagsOf, type Ticket } from '#core/tickets/index.js';
import { minaWrites, replyForm, visitor, type Visitor } from './support.js';

describe('answering on the desk', () => {
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

  it('shows the ticket with its customer, message and composer', async () => {
    const page = await can.get(path());

    expect(page.status).to.equal(200);
    expect(page.has('h1', 'Two cups are broken')).to.equal(true);
    expect(page.has('article', 'Message from Mina Kaya')).to.equal(true);
    expect(page.has('button', 'Send to Mina Kaya')).to.equal(true);
    expect(page.has('button', 'Save note')).to.equal(true);
    expect(page.has('aside', 'Ticket details')).to.equal(true);
  });

  it('sends a reply once, however often the form arrives', async () => {
    const fields = await form('reply', 'We send new cups.');

    const first = await can.post(`${path()}/messages`, fields);
    const second = await can.post(`${path()}/messages`, fields);

    expect([first.status, second.status]).to.deep.equal([303, 303]);
    expect(first.headers.get('Location')).to.equal(path());
    expect((await now()).messageCount).to.equal(2);
    expect((await now()).category).to.equal('waiting');
  });

  it('sets a status with the reply', async () => {
    const fields = await form('reply', 'Solved.');
    fields.set('then', 'solved');

    await can.post(`${path()}/messages`, fields);

    expect((await now()).category).to.equal('solved');
  });

  it('refuses an empty reply and keeps the address that was typed', async () => {
    const fields = await form('reply', ' ');
    fields.set('cc', 'jonas@example.org');

    const page = await can.submit(`${path()}/messages`, fields);

    expect(page.status).to.equal(422);
    expect(page.alerts.join()).to.include('Write something or attach a file.');
    expect(page.value('cc')).to.equal('jonas@example.org');
  });

  it('keeps notes inside and tells whom they mention', async () => {
    await can.post(`${path()}/messages`, await form('note', 'Ask the carrier, @Ada. Not ada@example.com.'));
    await desk.settle();

    expect((await (await visitor(desk, 'mina')).get(`/tickets/${ticket.number}`)).text).to.not.include('Ask the carrier');
    const notified = await desk.storage.read('notifications').where({ kind: 'mentioned' }).pluck('user_id');
    expect(notified).to.deep.equal([desk.people.ada.id]);
  });

  it('does not attach a file that somebody else uploaded', async () => {
    const upload = new FormData();
    upload.set('file', new Blob(['secret']), 'secret.txt');
    const stored = (await (await desk.fetch('/files', { method: 'POST', body: upload, as: 'mina' })).json()) as { id: number };
    const fields = await form('reply', 'Look at this.');
    fields.set('file', String(stored.id));

    const page = await can.submit(`${path()}/messages`, fields);

    expect(page.status).to.equal(422);
    expect(page.alerts.join()).to.include('One of the files does not exist any more.');
  });

  it('changes assignee, status, properties, snooze and place', async () => {
    expect((await can.submit(`${path()}/assignee`, { assignee: String(desk.people.can.id) })).text).to.include('Assigned.');
    await can.post(`${path()}/properties`, { priority: 'urgent', tags: 'delivery, fragile', version: String((await now()).version) });
    await can.post(`${path()}/snooze`, { until: new Date(desk.clock.now() + 86_400_000).toISOString() });

    const changed = await now();
    expect(changed).to.include({ assigneeId: desk.people.can.id, priority: 'urgent', snoozedUntil: desk.clock.now() + 86_400_000 });
    expect((await tagsOf(desk.storage.read, [ticket.id])).get(ticket.id)).to.deep.equal(['delivery', 'fragile']);

    await can.post(`${path()}/status`, { status: 'solved' });
    await can.post(`${path()}/place`, { place: 'trash' });
    expect(await now()).to.include({ category: 'solved', place: 'trash', snoozedUntil: null });
    await can.post(`${path()}/place?place=inbox`, {});
    expect((await now()).place).to.equal('desk');
  });

  it('refuses a change to a ticket that changed in between, and says so in the ticket', async () => {
    const page = await can.submit(`${path()}/properties`, { priority: 'high', tags: '', version: '999' });

    expect(page.status).to.equal(409);
    expect(page.alerts.join()).to.include('Somebody else changed this ticket.');
    expect((await now()).priority).to.equal('normal');
  });

  it('goes to the list or the next ticket after closing, as the agent likes', async () => {
    const other = await minaWrites(desk, 'Another one');
    const settings = { name: 'Can Demir', timeZone: 'Europe/Istanbul', locale: 'en', colorScheme: 'system', undoSeconds: '10' };
    await can.post('/desk/profile', { ...settings, afterClose: 'list' });
    expect((await can.post(`${path()}/status?view=open`, { status: 'solved' })).headers.get('Location')).to.equal('/desk/inbox/open');

    await can.post(`${path()}/status`, { status: 'open' });
    await can.post('/desk/profile', { ...settings, afterClose: 'next' });
    expect((await can.post(`${path()}/status?view=open`, { status: 'solved' })).headers.get('Location')).to.equal(
      `/desk/tickets/${other.number}?view=open`,
    );
  });

  it('merges, links and renames', async () => {
    const other = await minaWrites(desk, 'Cups again');
    await can.post(`${path()}/links`, { other: String(other.number) });
    expect((await can.get(path())).has('a', 'Cups again')).to.equal(true);

    await can.post(`${path()}/edit`, { subject: 'Cups', version: String((await now()).version) });
    expect((await now()).subject).to.equal('Cups');

    const page = await can.get(`/desk/tickets/${other.number}/merge?into=${ticket.number}`);
    expect(page.has('button', 'Merge the tickets')).to.equal(true);
    const merged = await can.post(`/desk/tickets/${other.number}/merge`, { into: String(ticket.number) });
    expect(merged.headers.get('Location')).to.equal(path());
    expect((await can.get(`/desk/tickets/${other.number}`)).has('h1', 'Cups')).to.equal(true);
  });

  it('opens a ticket for a customer, or shows the form with what was typed', async () => {
    const fields = {
      requesterEmail: 'jonas@example.org',
      requesterName: 'Jonas Meyer',
      subject: 'Your order',
      body: 'It is ready.',
      quiet: '1',
      idempotencyKey: 'one',
    };

    const refused = await can.submit('/desk/tickets', { ...fields, subject: '' });
    expect(refused.status).to.equal(422);
    expect(refused.value('requesterEmail')).to.equal('jonas@example.org');

    const page = await can.submit('/desk/tickets', fields);
    expect(page.has('h1', 'Your order')).to.equal(true);
    expect(page.text).to.include('Jonas Meyer');
  });

  it('S1: shows rich mail in a frame that runs nothing and loads nothing from outside', async () => {
    const message = await reply(desk.app.desk, desk.actor('mina'), ticket.id, {
      kind: 'reply',
      html: '<table style="color:red"><tr><td>Hi</td></tr></table><img src="https://tracker.example/p.gif"><script>alert(1)</script>',
    });

    const page = await can.get(path());
    expect(page.all('iframe')[0]?.attributes).to.include({
      src: `/desk/messages/${message.id}/body`,
      sandbox: 'allow-same-origin allow-popups allow-popups-to-escape-sandbox',
    });
    expect(page.text).to.include('One image from outside is hidden.');

    const frame = await desk.fetch(`/desk/messages/${message.id}/body`, { as: 'can' });
    const html = await frame.text();
    expect(frame.headers.get('Content-Security-Policy')).to.include("default-src 'none'").and.include('sandbox').and.not.include('https:');
    expect(html).to.include('Hi').and.not.include(' src="https://').and.not.include('<script');
    // Also when they are asked for, they come from the desk.
    expect(await (await desk.fetch(`/desk/messages/${message.id}/body?images=1`, { as: 'can' })).text())
      .to.include(` src="/desk/messages/${message.id}/images/`)
      .and.not.include(' src="https:');
  });

  it('is closed to customers and strangers', async () => {
    for (const one of [
      path(),
      '/desk',
      '/desk/inbox/open',
      '/desk/search',
      '/desk/palette',
      '/desk/customers',
      '/desk/profile',
      `${path()}/events`,
    ]) {
      expect((await desk.fetch(one, { as: 'mina' })).status, one).to.equal(403);
      const stranger = await desk.fetch(one);
      expect(stranger.headers.get('Location'), one).to.match(/^\/sign-in\?next=/);
    }
    expect(
      (await desk.fetch(`${path()}/messages`, { method: 'POST', body: new URLSearchParams({ kind: 'note', body: 'x' }), as: 'mina' }))
        .status,
    ).to.equal(403);
  });
});

describe('the history of a ticket', () => {
  let desk: TestDesk;
  beforeEach(async () => {
    desk = await createTestDesk();
  });
  afterEach(() => desk.close());

  it('tells what happened in order, and names tickets without separators', async () => {
    const ticket = await minaWrites(desk);
    const can = await visitor(desk, 'can');
    const path = `/desk/tickets/${ticket.number}`;
    await can.post(`${path}/assignee`, { assignee: String(desk.people.ada.id) });
    await can.post(`${path}/status`, { status: 'solved' });
    await can.post(`${path}/properties`, { priority: 'high', tags: 'cups' });

    const page = await can.get(path);
    const lines = page.all('p').filter(({ attributes }) => attributes['class'] === 'event');
    expect(lines).to.have.length(1);
    expect(page.text).to.match(
      /Can Demir assigned it to Ada Yılmaz · Can Demir set the status to Solved · Can Demir set the priority to High · Can Demir added the tags cups/,
    );
    expect((await can.get(`${path}/events`)).has('a', `Back to ticket ${ticket.number}`)).to.equal(true);
  });
});
