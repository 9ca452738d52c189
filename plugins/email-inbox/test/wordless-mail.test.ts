import { expect } from 'chai';
import { createInbox, mail, type Inbox } from './support/inbox.ts';

const dash = '–';

describe('a mail without words', () => {
  let inbox: Inbox;
  beforeEach(async () => {
    inbox = await createInbox();
  });
  afterEach(() => inbox.desk.close());

  const html = (body: string) => inbox.receive(mail({ 'Content-Type': 'text/html' }, body));

  for (const [shape, body] of [
    ['Gmail', '<div dir="ltr"><br></div>'],
    ['Outlook', '<html><body><p class="MsoNormal"><o:p>&nbsp;</o:p></p></body></html>'],
    ['a phone', '<br>'],
    ['a preview that is hidden', '<div style="display:none">&zwnj;&nbsp;</div>'],
    ['an empty body', ''],
  ] as const)
    it(`P3: becomes a ticket with a dash in it, as ${shape} writes it`, async () => {
      const row = await html(body);

      const [message] = await inbox.messages(row.ticket_id ?? 0);
      expect(row.state).to.equal('processed');
      expect([message?.text, message?.html]).to.deep.equal([dash, null]);
    });

  it('P3: keeps HTML whose only words a mail program hides, below the dash', async () => {
    const row = await html('<div style="display:none">Your order is on its way.</div>');

    const [message] = await inbox.messages(row.ticket_id ?? 0);
    expect([message?.text, message?.html]).to.deep.equal([dash, '<div>Your order is on its way.</div>']);
  });

  it('P3: gets no dash when a picture or a file speaks for it', async () => {
    const picture = await html('<img src="https://images.example/a.png" width="200">');
    const file = await inbox.receive(
      mail(
        { 'Content-Type': 'multipart/mixed; boundary=x' },
        '--x\nContent-Type: text/html\n\n<br>\n--x\nContent-Type: application/pdf; name=a.pdf\n\nPDF\n--x--',
      ),
    );

    expect((await inbox.messages(picture.ticket_id ?? 0))[0]?.text).to.equal('');
    expect((await inbox.messages(file.ticket_id ?? 0))[0]?.text.trim()).to.equal('');
  });
});
