import path from 'node:path';
import { expect } from 'chai';
import { createTestDesk, type TestDesk } from '@helpdesk/core/testing';

const hourMs = 3_600_000;

describe('asking customers how it went', () => {
  let desk: TestDesk;
  beforeEach(async () => {
    desk = await createTestDesk({ pluginFolders: [path.resolve(import.meta.dirname, '../../..')], plugins: ['satisfaction-smiley'] });
    await desk.app.desk.settings.set('mail', { from: 'desk@desk.example', smtp: 'smtp://127.0.0.1:1' });
  });
  afterEach(() => desk.close());

  const open = async (subject = 'The kettle leaks') =>
    (await desk.as('mina').open({ subject, requester: { userId: desk.people.mina.id }, message: { text: 'Help' }, channel: 'portal' }))
      .ticket;
  const solve = async (id: number) => {
    await desk.as('can').changeStatus(id, 'solved');
    await desk.settle();
  };
  const later = async (hours: number) => {
    desk.clock.advance(hours * hourMs);
    await desk.settle();
  };
  const questions = (): Promise<{ text: string; envelope: string; headers: string; ticket_id: number }[]> =>
    desk.storage.read('outbox').where({ kind: 'plugin' }).orderBy('id');
  const linkIn = (text: string): string => new URL(/https?:\S+\/p\/satisfaction-smiley\/\S+/.exec(text)?.[0] ?? '').pathname;
  const ratings = () => desk.storage.read('p_smiley_ratings').orderBy('ticket_id');
  const asked = async () => {
    const { id } = await open();
    await solve(id);
    await later(25);
    return { id, link: linkIn((await questions())[0]?.text ?? '') };
  };
  const answer = (link: string, fields: Readonly<Record<string, string>>) =>
    desk.fetch(link, { method: 'POST', body: new URLSearchParams(fields) });

  it('asks a day after a ticket was solved, once, as automatic mail to the customer', async () => {
    const { id } = await open();
    await solve(id);
    await later(23);
    expect(await questions()).to.deep.equal([]);

    await later(2);
    await desk.as('can').changeStatus(id, 'open');
    await solve(id);
    await later(30 * 24);

    const [question, ...more] = await questions();
    expect(more).to.deep.equal([]);
    expect(JSON.parse(question?.envelope ?? '{}')).to.have.nested.property('to[0].email', 'mina@example.com');
    expect(JSON.parse(question?.headers ?? '{}')).to.include({ 'Auto-Submitted': 'auto-generated' });
  });

  it('does not ask about a ticket that was opened again or thrown away', async () => {
    const [reopened, trashed] = [await open(), await open('Spam')];
    await solve(reopened.id);
    await solve(trashed.id);
    await desk.as('can').changeStatus(reopened.id, 'open');
    await desk.storage.writeTx((tx) => tx('tickets').where({ id: trashed.id }).update({ place: 'trash' }));
    await later(48);

    expect(await questions()).to.deep.equal([]);
  });

  it('leaves a customer alone for a while', async () => {
    await asked();
    const second = await open('The lid is loose');
    await solve(second.id);
    await later(25);
    expect(await questions()).to.have.length(1);

    const third = await open('The plug is hot');
    await later(14 * 24);
    await solve(third.id);
    await later(25);
    expect((await questions()).map(({ ticket_id: id }) => id)).to.include(third.id);
  });

  it('takes no answer from a look at the page, and one from the form', async () => {
    const { id, link } = await asked();
    expect((await desk.fetch(link)).status).to.equal(200);
    expect(await ratings()).to.have.nested.property('[0].face', null);

    expect((await answer(link, { face: 'okay', words: 'Took a while' })).status).to.equal(303);
    expect(await (await desk.fetch(link)).text()).to.include('Thank you');
    await answer(link, { face: 'bad' });

    expect((await ratings())[0]).to.include({ face: 'okay', words: 'Took a while' });
    const { number } = await desk.storage.read('tickets').where({ id }).first('number');
    expect(await (await desk.fetch(`/desk/tickets/${number}`, { as: 'can' })).text())
      .to.include('So-so')
      .and.include('Took a while');
  });

  it('keeps the words when the face is missing', async () => {
    const { link } = await asked();
    const refused = await answer(link, { words: 'Very kind' });

    expect(refused.status).to.equal(422);
    expect(await refused.text())
      .to.include('Very kind')
      .and.include('Please choose');
  });

  it('knows no other links', async () => {
    const { link } = await asked();
    for (const wrong of [`${link}x`, link.slice(0, -1), '/p/satisfaction-smiley/%20', '/p/satisfaction-smiley/null'])
      expect((await desk.fetch(wrong)).status, wrong).to.equal(404);
    expect((await answer('/p/satisfaction-smiley/none', { face: 'good' })).status).to.equal(404);
  });

  it('forgets questions nobody answered, and keeps answers', async () => {
    const { link } = await asked();
    await answer(link, { face: 'good' });
    const second = await open('The lid is loose');
    await later(20 * 24);
    await solve(second.id);
    await later(25);
    expect(await ratings()).to.have.length(2);
    await desk.app.desk.cron.tick();
    await later(91 * 24);
    await desk.app.desk.cron.tick();
    await desk.settle();

    expect((await ratings()).map(({ face }: { face: string | null }) => face)).to.deep.equal(['good']);
  });

  it('asks nobody on a desk that cannot send', async () => {
    await desk.app.desk.settings.set('mail', { from: '', smtp: '' });
    const { id } = await open();
    await solve(id);
    await later(25);

    expect(await ratings()).to.deep.equal([]);
  });
});
