import { expect } from 'chai';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { findUser } from '#core/users/index.js';
import { minaWrites, visitor, type Visitor } from './support.js';

describe('an agent’s profile', () => {
  let desk: TestDesk;
  let can: Visitor;
  beforeEach(async () => {
    desk = await createTestDesk();
    can = await visitor(desk, 'can');
  });
  afterEach(() => desk.close());

  const fields = {
    name: 'Can Demir',
    timeZone: 'Europe/Istanbul',
    locale: 'tr',
    colorScheme: 'dark',
    undoSeconds: '30',
    afterClose: 'next',
    signature: 'Can, Kuzey Coffee',
  };

  it('keeps what was chosen and follows it at once', async () => {
    const page = await can.submit('/desk/profile', fields);

    expect(page.has('h1', 'Profiliniz')).to.equal(true);
    const user = await findUser(desk.storage.read, desk.people.can.id);
    expect(user?.preferences).to.include({
      undoSeconds: 30,
      afterClose: 'next',
      singleKeyShortcuts: false,
      signature: 'Can, Kuzey Coffee',
    });
    const ticket = await minaWrites(desk);
    const composer = (await can.get(`/desk/tickets/${ticket.number}`)).form(`/desk/tickets/${ticket.number}/messages`);
    expect(composer.get('body')).to.include('Can, Kuzey Coffee');
  });

  it('does not take a signature alone for an answer', async () => {
    await can.post('/desk/profile', { ...fields, locale: 'en' });
    const ticket = await minaWrites(desk);

    const page = await can.submit(`/desk/tickets/${ticket.number}/messages`, {
      kind: 'reply',
      body: '\n\nCan, Kuzey Coffee',
      format: 'text',
    });

    expect(page.status).to.equal(422);
  });

  it('refuses an empty name and an unknown time zone, with what was typed', async () => {
    const page = await can.submit('/desk/profile', { ...fields, name: ' ' });
    expect(page.status).to.equal(422);
    expect(page.form('/desk/profile').get('signature')).to.equal('Can, Kuzey Coffee');

    expect((await can.submit('/desk/profile', { ...fields, timeZone: 'Moon/Base' })).status).to.equal(422);
  });

  it('changes the password only for whoever knows the old one', async () => {
    const refused = await can.submit('/desk/profile/password', { currentPassword: 'wrong', newPassword: 'a much longer password' });
    expect(refused.alerts.join()).to.include('The current password is not right.');

    const page = await can.submit('/desk/profile/password', {
      currentPassword: 'can has a password',
      newPassword: 'a much longer password',
    });
    expect(page.text).to.include('Your password is changed.');
  });

  it('ends other sessions', async () => {
    const other = await visitor(desk, 'can');
    expect((await other.get('/desk/profile')).status).to.equal(200);

    await can.post('/desk/profile/sessions/revoke-others', {});

    expect((await other.get('/desk/profile')).status).to.equal(302);
    expect((await can.get('/desk/profile/security')).text).to.include('This device');
  });

  it('makes a token that is shown once and revokes it', async () => {
    const page = await can.submit('/desk/profile/tokens', { name: 'Cash register', scope: 'tickets' });
    expect(page.all('code', 'hd_')).to.have.length(1);
    const again = await can.get('/desk/profile/tokens');
    expect(again.text).to.include('Cash register');
    expect(again.all('code')).to.deep.equal([]);

    const { id } = await desk.storage.read('api_tokens').first('id');
    expect((await can.submit(`/desk/profile/tokens/${id}/revoke`, {})).text).to.not.include('Cash register');
  });

  it('keeps the density of lists', async () => {
    const answer = await can.post('/desk/profile/density', { density: 'compact', next: 'https://elsewhere.example/' });

    expect(answer.headers.get('Location')).to.equal('/desk');
    expect(
      (await can.get('/desk/inbox/open')).all('section').some(({ attributes }) => attributes['class']?.includes('list--compact')),
    ).to.equal(true);
  });
});

describe('customers on the desk', () => {
  let desk: TestDesk;
  let can: Visitor;
  beforeEach(async () => {
    desk = await createTestDesk();
    can = await visitor(desk, 'can');
  });
  afterEach(() => desk.close());

  it('are listed with their open tickets, found and edited', async () => {
    await minaWrites(desk);
    expect((await can.get('/desk/customers?q=mina')).has('a', 'Mina Kaya')).to.equal(true);

    const path = `/desk/customers/${desk.people.mina.id}`;
    expect((await can.get(path)).has('a', 'Two cups are broken')).to.equal(true);
    await can.post(path, { name: 'Mina K.', locale: 'tr', note: 'Prefers calls' });
    expect(await findUser(desk.storage.read, desk.people.mina.id)).to.include({ name: 'Mina K.', locale: 'tr', notes: 'Prefers calls' });
  });

  it('can be added and blocked', async () => {
    const page = await can.submit('/desk/customers', { name: 'Jonas', email: 'jonas@example.org' });
    expect(page.has('h1', 'Jonas')).to.equal(true);
    expect((await can.submit('/desk/customers', { name: 'Jonas', email: 'jonas@example.org' })).alerts.join()).to.include(
      'Somebody has this address already.',
    );

    await can.post(`/desk/customers/${desk.people.mina.id}/block`, {});
    expect((await findUser(desk.storage.read, desk.people.mina.id))?.isActive).to.equal(false);
  });

  it('do not include agents: those are the administrator’s to change', async () => {
    expect((await can.post(`/desk/customers/${desk.people.ada.id}`, { name: 'Eve' })).status).to.equal(403);
  });
});
