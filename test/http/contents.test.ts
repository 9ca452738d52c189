import { rmSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';

describe('contents of files', () => {
  let desk: TestDesk;
  let fileId: number;
  beforeEach(async () => {
    desk = await createTestDesk();
    fileId = await desk.as('mina').upload({ name: 'grüße 1%.txt', contentType: 'text/html', content: Buffer.from('<b>hello</b>') });
  });
  afterEach(() => desk.close());

  const addressFor = async (as: 'mina' | 'can'): Promise<string | null> =>
    (await desk.fetch(`/files/${fileId}`, { as })).headers.get('Location');

  // Renaming by extension and editing SVG were not enough: GHSA-27vp-fpg8-j8wv, GHSA-cvr8-cw5c-5pfw.
  it('A3: have an address of their own that looks up no session, sets no cookie and opens one file under one name', async () => {
    const address = (await addressFor('mina')) ?? '';
    const [, , id, until, signature, name] = address.split('/');
    const headers = { cookie: await desk.cookie('can') };
    const sessionReads: string[] = [];
    const note = ({ sql }: { readonly sql: string }): void => void (sql.includes('sessions') && sessionReads.push(sql));
    desk.storage.read.on('query', note);
    const answer = await desk.fetch(address, { headers });
    const shouted = await desk.fetch(address.replace('/content/', '/CONTENT/'), { headers });
    desk.storage.read.removeListener('query', note);

    expect([answer.status, shouted.status]).to.deep.equal([200, 200]);
    expect(await answer.text()).to.equal('<b>hello</b>');
    expect(sessionReads).to.deep.equal([]);
    expect(answer.headers.get('Set-Cookie')).to.equal(null);
    expect(answer.headers.get('Content-Type')).to.equal('application/octet-stream');
    expect(answer.headers.get('X-Content-Type-Options')).to.equal('nosniff');
    expect(answer.headers.get('Content-Security-Policy')).to.match(/; sandbox$/);
    expect(answer.headers.get('Content-Disposition')).to.equal("attachment; filename*=UTF-8''gr%C3%BC%C3%9Fe%201%25.txt");
    // The page of a theme that is tried out carries its parameter on.
    expect((await desk.fetch(`${address}?preview=token~en~light`)).status).to.equal(200);
    for (const forged of [
      `/content/${Number(id) + 1}/${until}/${signature}/${name}`,
      `/content/${id}/${Number(until) + 1}/${signature}/${name}`,
      `/content/${id}/${until}/${signature}/other.html`,
      `/content/${id}/${until}/x/${name}`,
      `/content/x/${until}/${signature}/${name}`,
    ])
      expect((await desk.fetch(forged, { as: 'mina' })).status, forged).to.equal(404);
  });

  it('A3: come from the address of the file itself while the key file is missing', async () => {
    const address = (await addressFor('mina')) ?? '';
    await desk.storage.writeTx((tx) => desk.app.desk.secrets.set(tx, 'mail', 'smtp', 'hunter2'));
    rmSync(path.join(desk.database.folder, 'secret.key'));
    const keyless = await createTestDesk({ beside: desk });
    try {
      expect((await keyless.fetch(address)).headers.get('Location')).to.equal(`/files/${fileId}`);
      expect(await (await keyless.fetch(`/files/${fileId}`, { as: 'mina' })).text()).to.equal('<b>hello</b>');
      expect(await (await keyless.fetch('/admin/health', { as: 'ada' })).text()).to.contain('Stored passwords must be entered again.');
    } finally {
      await keyless.close();
    }
  });

  it('A3: of pictures within a message are found by their Content-ID, by whoever may see the message', async () => {
    const { ticket, message } = await desk.as('mina').open({
      subject: 'Look',
      channel: 'email',
      requester: { userId: desk.people.mina.id },
      message: { text: 'Here.', attachments: [{ fileId, contentId: 'Picture@mail' }] },
    });
    const secret = await desk.as('can').upload({ name: 'secret.txt', contentType: 'text/plain', content: Buffer.from('Hm.') });
    const note = await desk
      .as('can')
      .reply(ticket.id, { kind: 'note', text: 'Hm.', attachments: [{ fileId: secret, contentId: 'picture@mail' }] });
    const part = `/messages/${message.id}/parts/picture%40mail`;

    const answer = await desk.fetch(part, { as: 'can' });
    expect(answer.headers.get('Location')).to.match(new RegExp(`^/content/${fileId}/`));
    expect(await (await desk.fetch(part, { as: 'mina', redirect: 'follow' })).text()).to.equal('<b>hello</b>');
    expect((await desk.fetch(part)).headers.get('Location')).to.match(/^\/sign-in/);
    for (const hidden of [
      part.replace('picture', 'other'),
      part.replace(`/${message.id}/`, '/999/'),
      part.replace(`/${message.id}/`, `/${note.id}/`),
    ])
      expect((await desk.fetch(hidden, { as: 'mina' })).status, hidden).to.equal(404);
  });

  it('A3: are given an address only who may see the file', async () => {
    expect((await desk.fetch(`/files/${fileId}`, { as: 'can' })).status).to.equal(404);
    expect(await addressFor('can')).to.equal(null);
    expect((await desk.fetch(`/files/${fileId}`)).headers.get('Location')).to.match(/^\/sign-in/);
  });

  it('A3: keep an address for a while, and when it has ended it asks the session again', async () => {
    const address = (await addressFor('mina')) ?? '';
    desk.clock.advance(15 * 60_000 - 1);
    expect((await desk.fetch(address)).status).to.equal(200);
    desk.clock.advance(15 * 60_000 + 1);

    const answer = await desk.fetch(address);
    expect([answer.status, answer.headers.get('Location')]).to.deep.equal([302, `/files/${fileId}`]);
    expect(await (await desk.fetch(address, { as: 'mina', redirect: 'follow' })).text()).to.equal('<b>hello</b>');
  });
});
