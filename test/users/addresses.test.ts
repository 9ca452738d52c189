import { expect } from 'chai';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { addEmail, editUser, makePrimary } from '#core/users/editing.js';
import { createUser, systemActor, type UserActor } from '#core/users/index.js';

const code = (error: { code: string }): string => error.code;

describe('changing people', () => {
  let desk: TestDesk;
  beforeEach(async () => {
    desk = await createTestDesk();
  });
  afterEach(() => desk.close());

  it('gives customers addresses by whoever edits customers, agents only by whoever manages people', async () => {
    const { app, people } = desk;
    const can = desk.actor('can');
    await addEmail(app.desk, can, people.mina.id, 'mina@work.example');
    const { id } = await desk.storage.read('user_emails').where({ user_id: people.ada.id }).first('id');

    expect(await addEmail(app.desk, can, people.ada.id, 'can@evil.example').catch(code)).to.equal('auth.forbidden');
    expect(await makePrimary(app.desk, can, people.ada.id, id).catch(code)).to.equal('auth.forbidden');

    const taken = await desk.fetch(`/desk/customers/${people.ada.id}/emails`, {
      method: 'POST',
      as: 'can',
      body: new URLSearchParams({ email: 'can@evil.example' }),
    });
    expect(taken.status).to.equal(403);
    expect(await desk.storage.read('user_emails').where({ email_key: 'can@evil.example' })).to.deep.equal([]);
  });

  it('lets nobody lock out or take over somebody who may do more', async () => {
    const { app, people } = desk;
    await createUser(app.desk, systemActor, { email: 'second@example.com', role: 'admin' });
    const staff: UserActor = { ...desk.actor('can'), permissions: new Set(['people.manage', 'customers.edit']) };

    expect(await editUser(app.desk, staff, people.ada.id, { isActive: false }).catch(code)).to.equal('roles.beyond-own');
    expect(await editUser(app.desk, staff, people.ada.id, { role: 'customer' }).catch(code)).to.equal('roles.beyond-own');
    expect(await addEmail(app.desk, staff, people.ada.id, 'x@evil.example').catch(code)).to.equal('roles.beyond-own');
  });
});
