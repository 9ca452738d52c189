import path from 'node:path';
import { expect } from 'chai';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { needsBundled } from '../bundled.ts';
import { helpdesk } from './command-line.ts';

const mail = Buffer.from(
  'From: mina@example.com\r\nTo: support@desk.example\r\nSubject: Printer\r\nMessage-ID: <a@x.example>\r\n\r\nIt burns.',
);

describe('mail pipe, as a mail server reads its end (sysexits.h)', () => {
  let desk: TestDesk;
  before(function () {
    needsBundled(this, 'email-inbox');
  });
  beforeEach(async () => {
    desk = await createTestDesk({ root: path.resolve(import.meta.dirname, '../../..') });
    const now = desk.clock.now();
    const mailbox = { name: 'Support', address: 'support@desk.example', address_key: 'support@desk.example', transport: '{}' };
    await desk.storage.writeTx((tx) => tx('mailboxes').insert({ ...mailbox, created_at: now, updated_at: now }));
  });
  afterEach(() => desk.close());

  const pipe = async (stdin: Uint8Array, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<number> =>
    (await helpdesk(desk, ['mail', 'pipe', ...args], env, stdin)).code;

  it('is 0 for a mail that is stored, also the second time', async () => {
    expect([await pipe(mail), await pipe(mail)]).to.deep.equal([0, 0]);
    expect(await desk.storage.read('messages')).to.have.length(1);
  });

  it('is 65 for no mail, 67 for an address no mailbox has, and 75 for whatever may be better later', async () => {
    expect(await pipe(new Uint8Array())).to.equal(65);
    expect(await pipe(mail, ['--mailbox', 'nobody@desk.example'])).to.equal(67);
    expect(await pipe(mail, [], { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' })).to.equal(75);
    expect(await desk.storage.read('messages')).to.deep.equal([]);
  });
});
