import { expect } from 'chai';
import { createInbox, mail, type Inbox } from './support/inbox.ts';

describe('cleaning stored mails again', () => {
  let inbox: Inbox;
  beforeEach(async () => {
    inbox = await createInbox();
  });
  afterEach(() => inbox.desk.close());

  const html = '<p>It <b>smokes</b></p><img src="cid:a@x"><script>x()</script>';
  const receive = () =>
    inbox.receive(
      mail({ 'Content-Type': 'multipart/alternative; boundary=x' }, `--x\n\nIt smokes\n--x\nContent-Type: text/html\n\n${html}\n--x--`),
    );
  /** As a version before this one with other rules stored it. */
  const stored = (id: number | null, change: object): Promise<unknown> =>
    inbox.desk.storage.writeTx((tx) =>
      tx('messages')
        .where({ id })
        .update({ sanitizer: 0, ...change }),
    );
  const clean = async (id: number | null): Promise<string> => {
    await inbox.desk.storage.writeTx((tx) => inbox.desk.app.desk.jobs.enqueue(tx, { name: 'messages.sanitize', payload: {} }));
    await inbox.desk.settle();
    return (await inbox.desk.storage.read('messages').where({ id }).first('html')).html;
  };

  it('S1: starts from the mail as it came, so that what older rules lost comes back', async () => {
    const { message_id: id } = await receive();
    const before = (await inbox.desk.storage.read('messages').where({ id }).first('html')).html;
    await stored(id, { html: '<p>It </p>' });

    expect(await clean(id)).to.equal(before);
    expect(before).to.include('<b>smokes</b>').and.not.include('script');
  });

  it('S1: brings nothing back that a plugin takes out of mails, or that somebody changed', async () => {
    const { message_id: id } = await receive();
    await stored(id, { html: '<p>It …</p><script>x()</script>', text: 'It …' });
    const edited = await clean(id);
    const filter = inbox.desk.app.desk.hooks
      .forPlugin('core', 0)
      .filter('mail.incoming', (incoming) => ({ ...incoming, html: incoming.html?.replace('smokes', 'works') }));
    await stored(id, { html: '<p>It </p>', text: 'It smokes' });
    const shaped = await clean(id);
    filter.dispose();

    expect(edited).to.equal('<p>It …</p>');
    expect(shaped).to.include('<b>works</b>');
  });
});
