import { expect } from 'chai';
import { createInbox, mail, type Inbox } from './support/inbox.ts';

describe('who wrote a mail', () => {
  let inbox: Inbox;
  beforeEach(async () => {
    inbox = await createInbox();
    await inbox.addReceiver({ authserv_ids: '["mx.desk.example"]' });
  });
  afterEach(() => inbox.desk.close());
  const requesterOf = async (ticketId: number | null): Promise<string> => {
    const { requester_id: id } = await inbox.ticket(ticketId);
    return (await inbox.desk.storage.read('user_emails').where({ user_id: id }).first()).email_key;
  };

  it('V1: takes a mail with an ambiguous From as one of an unknown sender', async () => {
    const row = await inbox.receive(mail({ From: 'ceo@corp.example (a (b) <evil@evil.example>)' }));

    const [message] = await inbox.messages(row.ticket_id ?? 0);
    expect(JSON.parse(message?.flags ?? '')).to.deep.equal(['unknown-sender']);
    expect(await requesterOf(row.ticket_id)).to.equal('unknown-sender@mail.invalid');
    expect(await inbox.outbox()).to.deep.equal([]);
  });

  it('V1: takes the one that Sender names among several, flagged', async () => {
    const row = await inbox.receive(mail({ From: 'mina@example.com, bo@x.example', Sender: 'bo@x.example' }));

    expect(await requesterOf(row.ticket_id)).to.equal('bo@x.example');
    const [message] = await inbox.messages(row.ticket_id ?? 0);
    expect(JSON.parse(message?.flags ?? '')).to.include('several-senders');
  });

  // Also FS #3101, #2833.
  it('V2: keeps From as the person and shows another Reply-To beside it, but not one of ours (FS #4287)', async () => {
    const other = await inbox.receive(mail({ 'Reply-To': 'eve@evil.example' }));
    const ours = await inbox.receive(mail({ 'Reply-To': 'support@desk.example' }));

    expect(await requesterOf(other.ticket_id)).to.equal('mina@example.com');
    const [first] = await inbox.messages(other.ticket_id ?? 0);
    const [second] = await inbox.messages(ours.ticket_id ?? 0);
    expect(JSON.parse(first?.addresses ?? '').replyTo.email).to.equal('eve@evil.example');
    expect(JSON.parse(second?.addresses ?? '')).to.not.have.property('replyTo');
  });

  for (const replyTo of ['John', '"a b"@x.example'])
    it(`V2: answers the sender where Reply-To holds no address that mail can go to: ${replyTo}`, async () => {
      const { ticket_id: ticketId } = await inbox.receive(mail({ 'Reply-To': replyTo, Cc: '"c d"@x.example, Bo, bo@x.example' }));

      const [message] = await inbox.messages(ticketId ?? 0);
      const { replyTo: stored, cc } = JSON.parse(message?.addresses ?? '');
      expect([stored, cc.map(({ email }: { email: string }) => email)]).to.deep.equal([undefined, ['bo@x.example']]);
    });

  it('V1: knows who wrote behind a name with a comma that nobody quoted', async () => {
    const row = await inbox.receive(mail({ From: 'Kaya, Mina <mina@example.com>' }));

    expect(await requesterOf(row.ticket_id)).to.equal('mina@example.com');
  });

  const rewritten = {
    From: "'Bo' via Support <support@desk.example>",
    'X-Original-From': 'Bo <bo@x.example>',
    'List-Id': '<support.desk.example>',
  };
  const proof = { 'Authentication-Results': 'mx.desk.example; dmarc=pass' };

  it('V3: finds who wrote behind a From that our own list rewrote, when that is proven (PostHog PR 57461)', async () => {
    const row = await inbox.receive(mail({ ...proof, ...rewritten }), 'support@desk.example');

    expect(await requesterOf(row.ticket_id)).to.equal('bo@x.example');
  });

  it('V3: finds who wrote also where the server writes no name above its result, as Microsoft 365', async () => {
    await inbox.desk.storage.writeTx((tx) => tx('p_email_receivers').update({ authserv_ids: '[]', trusts_topmost: true }));
    const row = await inbox.receive(
      mail({ Received: 'from a by b', 'Authentication-Results': 'spf=pass smtp.mailfrom=desk.example; dmarc=pass', ...rewritten }),
      'support@desk.example',
    );

    expect(await requesterOf(row.ticket_id)).to.equal('bo@x.example');
  });

  it('V3: believes no rewritten From without proof, nor for our own real mail', async () => {
    const forged = await inbox.receive(mail(rewritten), 'support@desk.example');
    const own = await inbox.receive(mail({ ...proof, From: 'support@desk.example' }), 'support@desk.example');

    expect([forged, own].map(({ state, kind }) => [state, kind])).to.deep.equal([
      ['ignored', 'own-address'],
      ['ignored', 'own-address'],
    ]);
  });

  it('V3: lets nobody act as an agent behind a rewritten From', async () => {
    const { ticket_id: ticketId } = await inbox.receive(mail({ 'Message-ID': '<a@x.example>' }));

    await inbox.receive(
      mail({ ...proof, ...rewritten, 'X-Original-From': 'Can <can@example.com>', 'In-Reply-To': '<a@x.example>' }),
      'support@desk.example',
    );

    const [, answer] = await inbox.messages(ticketId ?? 0);
    expect(answer?.direction).to.equal('in');
    expect(JSON.parse(answer?.flags ?? '')).to.include('unverified-agent');
  });

  it('P2: finds a mail again by an id longer than an index row (2,704 bytes in PostgreSQL)', async () => {
    const id = `<${'x'.repeat(9000)}@x.example>`;
    const first = await inbox.receive(mail({ 'Message-ID': id }));

    const answer = await inbox.receive(mail({ 'In-Reply-To': id }));

    expect(answer.ticket_id).to.equal(first.ticket_id);
  });

  it('R5: folds the tail that a sender always writes', async () => {
    const tail = '\n\nKind regards\nMina Kaya\nKaya Printing';
    await inbox.receive(mail({}, `One.${tail}`));
    await inbox.receive(mail({}, `Two.${tail}`));

    const third = await inbox.receive(mail({}, `Three.${tail}`));

    const [message] = await inbox.messages(third.ticket_id ?? 0);
    const { signature } = JSON.parse(message?.folds ?? '{}') as { signature?: [number, number] };
    expect(message?.text.slice(...(signature ?? [0, 0])).trim()).to.equal(tail.trim());
  });

  it('A3: shows in its place only what is an image by its first bytes, and offers all else for download', async () => {
    const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
    const files: readonly (readonly [name: string, type: string, content: Buffer])[] = [
      ['a.png', 'image/png', png],
      ['untold', 'application/octet-stream', png],
      ['page.png', 'image/png', Buffer.from('<html><script>alert(1)</script></html>')],
      ['drawing.svg', 'image/svg+xml', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>')],
      ['polyglot.html', 'image/png', Buffer.concat([png, Buffer.from('<script>alert(1)</script>')])],
      ['a.txt', 'text/plain', Buffer.from('Hello')],
      ['a.pdf', 'application/pdf', Buffer.from('%PDF-1.4')],
    ];
    const parts = files.map(
      ([name, type, content]) =>
        `--x\nContent-Type: ${type}\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=${name}\n\n${content.toString('base64')}\n`,
    );
    const row = await inbox.receive(mail({ 'Content-Type': 'multipart/mixed; boundary=x' }, `--x\n\nHello\n${parts.join('')}--x--`));

    const filesOf = (messageId: number | null): Promise<{ name: string; file_id: number }[]> =>
      inbox.desk.storage
        .read('attachments')
        .join('files', 'files.id', 'attachments.file_id')
        .where({ message_id: messageId })
        .select('files.name', 'attachments.file_id');
    const answers = new Map<string, string>();
    for (const { name, file_id: fileId } of await filesOf(row.message_id)) {
      const { headers } = await inbox.desk.fetch(`/files/${fileId}`, { as: 'can', redirect: 'follow' });
      const [way] = (headers.get('Content-Disposition') ?? '').split(';');
      answers.set(name, `${way} ${headers.get('Content-Type')}`);
      expect(headers.get('Content-Security-Policy'), name).to.contain("default-src 'none'").and.contain('sandbox');
      expect(headers.get('X-Content-Type-Options'), name).to.equal('nosniff');
    }

    const saved = 'attachment application/octet-stream';
    expect([...answers.values()].toSorted()).to.deep.equal([...Array(5).fill(saved), 'inline image/png', 'inline image/png']);
    expect([answers.get('a.png'), answers.get('page.png'), answers.get('polyglot.html')]).to.deep.equal(['inline image/png', saved, saved]);
  });

  it('A3, A4: offers a dangerous file for download only, marked', async () => {
    const row = await inbox.receive(
      mail({ 'Content-Type': 'text/html', 'Content-Disposition': 'attachment; filename=a.html' }, '<script>alert(1)</script>'),
    );

    const { number } = await inbox.ticket(row.ticket_id);
    const { file_id: fileId } = await inbox.desk.storage.read('attachments').where({ message_id: row.message_id }).first();
    const answer = await inbox.desk.fetch(`/files/${fileId}`, { as: 'can', redirect: 'follow' });
    expect(answer.headers.get('Content-Disposition')).to.match(/^attachment;/);
    expect(answer.headers.get('Content-Security-Policy')).to.contain('sandbox');
    expect(answer.headers.get('X-Content-Type-Options')).to.equal('nosniff');
    expect(await (await inbox.desk.fetch(`/desk/tickets/${number}`, { as: 'can' })).text()).to.contain('Download anyway');
  });
});
