import path from 'node:path';
import { expect } from 'chai';
import { createTestDesk, type TestDesk } from '@helpdesk/core/testing';

describe('tagging new tickets', () => {
  let desk: TestDesk;
  beforeEach(async () => {
    desk = await createTestDesk({ pluginFolders: [path.resolve(import.meta.dirname, '../../..')], plugins: ['auto-tagger'] });
  });
  afterEach(() => desk.close());

  const open = async (subject: string, text: string, tags: readonly string[] = []) => {
    const { ticket } = await desk
      .as('mina')
      .open({ subject, requester: { userId: desk.people.mina.id }, message: { text }, channel: 'portal', tags });
    return desk.storage
      .read('ticket_tags')
      .join('tags', 'tags.id', 'ticket_tags.tag_id')
      .where({ ticket_id: ticket.id })
      .orderBy('tags.name')
      .pluck('tags.name');
  };
  const set = (values: Readonly<Record<string, unknown>>) => desk.app.desk.settings.set('auto-tagger', values);

  it('adds to the tags that the ticket has', async () => {
    expect(await open('Fatura eksik', 'And where is my parcel?', ['vip'])).to.deep.equal(['billing', 'shipping', 'vip']);
  });

  it('reads only the subject when it shall', async () => {
    await set({ readsMessage: false });

    expect(await open('Hello', 'Where is my parcel?')).to.deep.equal([]);
  });

  it('goes on beside a rule that cannot be read, and names it on the health page', async () => {
    await set({ rules: ['nonsense', 'kettle = kitchen'] });

    expect(await open('My kettle', 'It leaks.')).to.deep.equal(['kitchen']);
    expect(await (await desk.fetch('/admin/health', { as: 'ada' })).text())
      .to.include('cannot read the rule')
      .and.include('nonsense');
  });

  it('stops when it is switched off', async () => {
    await desk.app.plugins.deactivate('auto-tagger');

    expect(await open('Fatura', 'Hello')).to.deep.equal([]);
  });
});
