import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { clientOf, idOf, type Client } from './client.js';

function form(content: string, name = 'photo.txt', field = 'file'): FormData {
  const data = new FormData();
  data.set(field, new Blob([content], { type: 'text/html' }), name);
  return data;
}

describe('files over the API', () => {
  let desk: TestDesk;
  let agent: Client;
  let mina: Client;
  beforeEach(async () => {
    desk = await createTestDesk();
    agent = await clientOf(desk, 'can');
    mina = await clientOf(desk, 'mina');
  });
  afterEach(() => desk.close());

  it('stores an upload and gives it back as a download', async () => {
    const made = await mina('/files', { form: form('hello', 'grüße 1.txt') });

    expect(made.status).to.equal(201);
    expect(made.body).to.deep.equal({
      id: idOf(made),
      name: 'grüße 1.txt',
      size: 5,
      sha256: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
    });
    const read = await mina(`/files/${idOf(made)}`);
    expect(read.body).to.deep.equal({ text: 'hello' });
    expect(read.headers.get('Content-Disposition')).to.equal("attachment; filename*=UTF-8''gr%C3%BC%C3%9Fe%201.txt");
    expect(read.headers.get('Content-Security-Policy')).to.contain('sandbox');
  });

  it('attaches uploads, and then shows them to whoever sees the ticket', async () => {
    const fileId = idOf(await mina('/files', { form: form('a photo') }));
    expect((await agent(`/files/${fileId}`)).status).to.equal(404);

    const ticketId = idOf(await mina('/tickets', { json: { subject: 'Photo', text: 'See it', files: [fileId] } }));

    const { body } = await agent(`/tickets/${ticketId}/messages`);
    expect(body.items?.[0]?.['attachments']).to.deep.equal([
      { id: fileId, name: 'photo.txt', size: 7, sha256: createHash('sha256').update('a photo').digest('hex'), contentType: 'text/html' },
    ]);
    expect((await agent(`/files/${fileId}`)).status).to.equal(200);
  });

  it('does not lend the files of others', async () => {
    const foreign = idOf(await agent('/files', { form: form('payroll') }));

    const refused = await mina('/tickets', { json: { subject: 'x', text: 'y', files: [foreign] } });

    expect([refused.status, refused.body['code']]).to.deep.equal([422, 'files.unknown']);
    expect((await mina(`/files/${foreign}`)).body['code']).to.equal('files.not-found');
  });

  it('says what is missing and refuses what is too large', async () => {
    await desk.app.desk.settings.set('tickets', { maxUploadMegabytes: 1 });

    expect((await mina('/files', { form: form('x', 'a.txt', 'other') })).body['code']).to.equal('files.missing-field');
    expect((await mina('/files', { form: form('x'.repeat(1_048_577)) })).body['code']).to.equal('files.too-large');
    expect((await mina('/files', { form: form('x'.repeat(1_048_576)) })).status).to.equal(201);
  });
});
