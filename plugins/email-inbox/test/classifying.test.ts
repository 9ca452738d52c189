import { expect } from 'chai';
import { classify, type Classification, type DeskIdentity } from '../classifying.ts';
import { parseMail } from '../parsing.ts';
import { mailFromMina, rawMail } from './mails.ts';

const desk: DeskIdentity = {
  isOurAddress: (address) => address === 'support@desk.example',
  isOurMessageId: (id) => id === 'sent@desk.example',
  isOurLoopHeader: () => false,
};
const kindOf = async (...headers: string[]): Promise<Classification> => classify(await parseMail(mailFromMina(headers)), desk);

describe('classifying a mail', () => {
  it('L7, L14: lets a person be answered, also with Auto-Submitted: no (FS Mail.php:667) and with DR, RN (sisimai/p5-sisimai#491)', async () => {
    expect(await kindOf('Auto-Submitted: No')).to.include({ kind: 'human', mayAutoReply: true });
    expect(await kindOf('X-Auto-Response-Suppress: DR, RN')).to.include({ kind: 'human', mayAutoReply: true });
  });

  for (const wish of ['OOF', 'AutoReply', 'All', 'DR, AutoReply'])
    it(`L9: honors the wish not to be answered without calling it an auto-reply: ${wish} (osTicket class.filter.php:898)`, async () => {
      expect(await kindOf(`X-Auto-Response-Suppress: ${wish}`)).to.include({ kind: 'human', mayAutoReply: false });
    });

  it('L7, L10: tells answers of machines from their notices (LD drops both)', async () => {
    expect(await kindOf('Auto-Submitted: auto-generated')).to.include({ kind: 'generated' });
    expect(await kindOf('Auto-Submitted: auto-generated', 'In-Reply-To: <sent@desk.example>')).to.include({ kind: 'auto-reply' });
    expect(await kindOf('Auto-Submitted: auto-replied (vacation)')).to.include({ kind: 'auto-reply', mayAutoReply: false });
    expect(await kindOf('Precedence: Bulk')).to.include({ kind: 'list', mayAutoReply: false });
  });

  it('L7: takes what a program notified for its notice, and what a rule in Outlook answered for an answer (osTicket class.filter.php:898)', async () => {
    expect(await kindOf('Auto-Submitted: Auto-Notified; owner-email="mina@customer.example"')).to.include({
      kind: 'generated',
      mayAutoReply: false,
    });
    expect(await kindOf('Auto-Submitted: auto-generated', 'X-MS-Exchange-Inbox-Rules-Loop: mina@customer.example')).to.include({
      kind: 'auto-reply',
      mayAutoReply: false,
    });
  });

  it('L13: claims only weak evidence from a subject', async () => {
    const mail = await parseMail(rawMail(['From: a@b.example', 'Subject: Automatic reply: away']));

    expect(classify(mail, desk)).to.include({ kind: 'auto-reply', isWeak: true });
  });

  it("L13: takes a subject about a car for a person's", async () => {
    const mail = await parseMail(rawMail(['From: a@b.example', 'Subject: Auto: Kratzer an der Tür']));

    expect(classify(mail, desk)).to.include({ kind: 'human', mayAutoReply: true });
  });

  it('L2: stops our own mail', async () => {
    expect(classify(await parseMail(rawMail(['From: support@desk.example', 'Subject: x'])), desk)).to.include({
      kind: 'own-address',
      mayAutoReply: false,
    });
  });
});

describe('a mail of several senders', () => {
  const from = async (...headers: string[]): Promise<string> => classify(await parseMail(rawMail(headers)), desk).kind;

  it('L2, V1: is ours when its one author is, and no other', async () => {
    expect(await from('From: mina@customer.example, support@desk.example')).to.equal('human');
    expect(await from('From: support@desk.example, mina@customer.example', 'Sender: mina@customer.example')).to.equal('human');
    expect(await from('From: support@desk.example, mina@customer.example')).to.equal('own-address');
    expect(await from('From: mina@customer.example, support@desk.example', 'Sender: support@desk.example')).to.equal('own-address');
  });
});

const dsn = (action: string, status: string): Uint8Array =>
  rawMail(
    ['From: MAILER-DAEMON@mx.example', 'Subject: Returned', 'Content-Type: multipart/report; report-type=delivery-status; boundary=x'],
    `--x\n\nSorry.\n--x\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; gone@x.example\nAction: ${action}\nStatus: ${status}\n--x\nContent-Type: text/rfc822-headers\n\nMessage-ID: <sent@desk.example>\nFrom: support@desk.example\nSubject: Hi\n--x--`,
  );

describe('reading a delivery report', () => {
  it('L3: tells failure, delay and success apart', async () => {
    const report = async (action: string, status: string) => classify(await parseMail(dsn(action, status)), desk).report;

    expect(await report('failed', '5.1.1')).to.deep.include({ kind: 'bounce', source: 'dsn' });
    expect((await report('failed', '4.4.7'))?.recipients[0]).to.include({ address: 'gone@x.example', isPermanent: false });
    expect((await report('delayed', '4.4.1'))?.kind).to.equal('delay');
    expect((await report('relayed', '2.0.0'))?.kind).to.equal('delivered');
    expect((await report('failed', '5.1.1'))?.original).to.include({ messageId: 'sent@desk.example', subject: 'Hi' });
  });

  it('L6: reads the words of servers that write no report', async () => {
    const mail = await parseMail(
      rawMail(
        ['Return-Path: <>', 'From: MAILER-DAEMON@mx.example', 'To: support@desk.example', 'Subject: failure notice'],
        'I was not able to deliver your message.\n\n<gone@x.example>:\n550 5.1.1 no such user\n\n--- Below this line is a copy of the message.\n\nFrom: support@desk.example\nTo: gone@x.example\nSubject: Hi\nMessage-ID: <sent@desk.example>',
      ),
    );

    const { kind, report } = classify(mail, desk);

    expect(kind).to.equal('bounce');
    expect(report?.recipients).to.have.lengthOf(1);
    expect(report?.recipients[0]).to.include({ address: 'gone@x.example', status: '5.1.1', isPermanent: true });
    expect(report?.original?.messageId).to.equal('sent@desk.example');
  });
});

describe('people who write about deliveries', () => {
  const customer = ['Return-Path: <anna@customer.example>', 'From: Anna <anna@customer.example>', 'To: support@desk.example'];
  const shop = ['Return-Path: <www@shop.example>', 'From: Shop <noreply@shop.example>', 'Reply-To: anna@customer.example'];
  const nullPath = ['Return-Path: <>', 'From: Anna <anna@customer.example>'];
  const listLike = (address: string): string[] => [`Return-Path: <${address}>`, `From: ${address}`];
  const mails: readonly (readonly [kind: string, headers: readonly string[], subject: string, text: string])[] = [
    ['noreply', shop, 'My order is delayed', 'It has been delayed again. Write to anna@customer.example.'],
    ['noreply', shop, 'Échec de paiement', 'Le paiement ne peut aboutir.'],
    ['noreply', shop, 'Return to sender?', 'The parcel came back.'],
    ['human', customer, 'Delivery failed: your parcel', 'The courier could not deliver it, call bo@customer.example.'],
    ['human', nullPath, 'Delivery failed: your parcel', 'The courier could not deliver it, call bo@customer.example.'],
    ['human', nullPath, 'My order is delayed', 'It has not yet been delivered. Anna, anna@customer.example'],
    ['human', listLike('it-admin@customer.example'), 'Error sending invoices', 'The invoices were not sent to bo@x.example.'],
    ['human', listLike('shop-help@customer.example'), 'Undelivered order', 'It was not delivered.'],
    [
      'noreply',
      listLike('postmaster@customer.example'),
      'Delivery failure to you',
      'We get 550 5.7.1 <support@desk.example> rejected. Why?',
    ],
    ['noreply', listLike('bounces@customer.example'), 'Undeliverable parcels', 'They were returned to sender.'],
  ];
  for (const [kind, headers, subject, text] of mails)
    it(`L6: are heard: ${subject}, ${headers.find((header) => header.startsWith('From'))}`, async () => {
      const mail = await parseMail(rawMail([...headers, `Subject: ${subject}`], text));

      expect(classify(mail, desk).kind).to.equal(kind);
    });

  const passedOn = (headers: readonly string[]): Promise<Classification> =>
    parseMail(
      rawMail(
        [...headers, 'Subject: Why?', 'Content-Type: multipart/mixed; boundary=x'],
        '--x\n\nCan you help?\n--x\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; gone@x.example\nAction: failed\nStatus: 5.1.1\n--x--',
      ),
    ).then((mail) => classify(mail, desk));

  it('L3: are heard when they pass a report on, which a mail system may also send outside of multipart/report', async () => {
    expect((await passedOn(customer)).kind).to.equal('human');
    expect((await passedOn(['From: MAILER-DAEMON@mx.example'])).kind).to.equal('bounce');
    expect((await passedOn(['Return-Path: <>', 'From: relay@mx.example'])).kind).to.equal('bounce');
  });

  it('L6: are told from a mail system that names neither a mail nor an address', async () => {
    const mail = await parseMail(rawMail(['Return-Path: <>', 'From: MAILER-DAEMON@mx.example', 'Subject: Undeliverable'], 'Sorry.'));

    expect(classify(mail, desk).kind).to.equal('noreply');
  });
});

describe('a mail system that writes no report', () => {
  const returned =
    '550 5.1.1 no such user <gone@x.example>\n\nFrom: support@desk.example\nTo: gone@x.example\nMessage-ID: <sent@desk.example>';
  const reports: readonly (readonly [kind: string, headers: readonly string[], subject: string, text: string])[] = [
    ['bounce', ['Return-Path: <>', 'From: postmaster@x.example'], 'Undeliverable', '<gone@x.example> could not be reached.'],
    ['bounce', ['Return-Path: <>', 'From: Mail <robot@x.example>'], 'Undeliverable', returned],
    ['bounce', ['From: post_master@x.example'], 'Re: Printer', `Error: invalid user address\n${returned}`],
    ['bounce', ['Return-Path: <r@x.example>', 'From: r@x.example', 'X-Failed-Recipients: gone@x.example'], 'About a mail', 'Sorry.'],
    ['delay', ['Return-Path: <>', 'From: MAILER-DAEMON@x.example'], 'Warning', '<gone@x.example>: will be retried'],
  ];
  for (const [kind, headers, subject, text] of reports)
    it(`L6: is known by its sender and what it brings back: ${headers.join(', ')}`, async () => {
      const found = classify(await parseMail(rawMail([...headers, `Subject: ${subject}`], text)), desk);

      expect(found.kind).to.equal(kind);
      expect(found.report?.recipients[0]?.address).to.equal('gone@x.example');
    });
});

describe('the rules in their order', () => {
  const withBody = async (headers: readonly string[], body: string) =>
    classify(await parseMail(rawMail(['From: a@b.example', ...headers], body)), desk);
  const report = (type: string, part: string, fields: string) =>
    withBody(
      [`Content-Type: multipart/report; report-type=${type}; boundary=x`],
      `--x\n\nSee below.\n--x\nContent-Type: message/${part}\n\n${fields}\n--x--`,
    );

  it('L1: knows a copy of its own mail by the loop header', async () => {
    const own: DeskIdentity = { ...desk, isOurLoopHeader: (value) => value === 'right' };
    const mail = (value: string) => parseMail(rawMail(['From: support@desk.example', `X-Desk-Loop: ${value}`]));

    expect(classify(await mail('right'), own).kind).to.equal('own-copy');
    expect(classify(await mail('wrong'), own).kind).to.equal('own-address');
  });

  it('V6: is not steered by a header of ours that a stranger wrote', async () => {
    expect(await kindOf('X-Desk-Loop: 0123456789', 'X-Desk-Ticket: 1')).to.include({ kind: 'human', mayAutoReply: true });
  });

  it('L4: files a read receipt as one', async () => {
    expect(await report('disposition-notification', 'disposition-notification', 'Disposition: manual-action; displayed')).to.include({
      kind: 'mdn',
      mayAutoReply: false,
    });
  });

  it('L5: reads a complaint', async () => {
    const found = await report('feedback-report', 'feedback-report', 'Feedback-Type: abuse\nOriginal-Rcpt-To: <mina@x.example>');

    expect(found).to.include({ kind: 'feedback', mayAutoReply: false });
    expect(found.feedback?.complainants).to.deep.equal(['mina@x.example']);
  });

  for (const header of [
    'X-Autoreply: yes',
    'X-Autorespond: x',
    'X-Apple-Action: VACATION/1',
    'Precedence: auto_reply',
    'X-Mail-Autoreply: 1',
    'X-Autoresponse: vacation',
    'X-AutoReply-From: mina@customer.example',
    'X-Precedence: auto_reply',
    'Delivered-To: Autoresponder',
  ])
    it(`L8: takes ${header} for an auto-reply`, async () => {
      expect(await kindOf(header)).to.include({ kind: 'auto-reply', mayAutoReply: false, isWeak: false });
    });

  it('L8: does not take X-Autoreply: no for one', async () => {
    expect(await kindOf('X-Autoreply: no')).to.include({ kind: 'human', mayAutoReply: true });
  });

  for (const header of ['List-Id: <news.x.example>', 'List-Unsubscribe: <mailto:off@x.example>', 'Precedence: JUNK', 'X-Precedence: list'])
    it(`L10: answers no list or bulk mail: ${header}`, async () => {
      expect(await kindOf(header)).to.include({ kind: 'list', mayAutoReply: false });
    });

  it('L11: tells an invitation and its answer', async () => {
    const found = await withBody(['Content-Type: text/calendar; method=REPLY'], 'BEGIN:VCALENDAR\nMETHOD:REPLY\nEND:VCALENDAR');

    expect(found).to.include({ kind: 'calendar', mayAutoReply: false });
  });

  for (const address of [
    'no-reply@x.example',
    'noreply@x.example',
    'do-not-reply@x.example',
    'notifications@x.example',
    'bounces+7@x.example',
  ])
    it(`L12: answers nothing to ${address}`, async () => {
      expect(classify(await parseMail(rawMail([`From: ${address}`])), desk)).to.include({ kind: 'noreply', mayAutoReply: false });
    });

  it('L12: answers a person whose name only begins so (osTicket class.filter.php:941)', async () => {
    expect(classify(await parseMail(rawMail(['From: postmasterson@x.example'])), desk)).to.include({ kind: 'human', mayAutoReply: true });
  });

  it('L6: does not take every mail of a postmaster for a bounce (osTicket class.filter.php:941)', async () => {
    const mail = await parseMail(rawMail(['From: postmaster@x.example', 'Subject: Our new policy'], 'Hello, we have a question.'));

    expect(classify(mail, desk).kind).to.equal('noreply');
  });
});
