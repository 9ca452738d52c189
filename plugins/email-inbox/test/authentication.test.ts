import { expect } from 'chai';
import type { SmtpSink } from '@helpdesk/core/testing';
import { mayActAsAgent, readAuthentication, type Authentication, type TrustedServers } from '../authentication.ts';
import { createSendingInbox, mail, type Inbox } from './support/inbox.ts';

const trusted: TrustedServers = { authservIds: ['mx.desk.example'] };
const headers = (value: string) => [
  { name: 'authentication-results', value },
  { name: 'from', value: 'can@example.com' },
];
const results = (value: string): Authentication => readAuthentication(headers(value), trusted);
const isProven = (value: string): boolean => mayActAsAgent(1, results(value));

describe('what a server found out about a mail', () => {
  it('V4, V5: is not what a sender wrote into a quoted local part', () => {
    const injected = [
      'mx.desk.example; spf=pass smtp.mailfrom="x; dmarc=pass "@evil.example; dmarc=fail header.from=example.com',
      'mx.desk.example; spf=pass smtp.mailfrom="x; dmarc=pass "@evil.example; dmarc=none header.from=example.com',
      'mx.desk.example; spf=pass smtp.mailfrom="x@example.com "@evil.example; dmarc=none',
      'mx.desk.example; spf=pass smtp.mailfrom="x smtp.mailfrom=a@example.com "@evil.example; dmarc=none',
      'mx.desk.example; dkim=pass header.i="a header.d=example.com "@evil.example header.d=evil.example; dmarc=none',
      'mx.desk.example; spf=pass smtp.mailfrom="("@evil.example; dmarc=fail; dkim=pass header.i=")"@evil.example',
      'mx.desk.example; spf=pass smtp.mailfrom="a\\"; dmarc=pass; "@evil.example; dmarc=none',
      'mx.desk.example; spf=pass (domain of "a);dkim=pass header.d=example.com("@evil.example is right) smtp.mailfrom=x; dmarc=none',
      'mx.desk.example; spf=pass (domain of "a);dmarc=pass("@evil.example is right) smtp.mailfrom=x',
    ];

    expect(injected.map(isProven)).to.deep.equal(injected.map(() => false));
  });

  it('V4, V5: is a failure when any reading of it finds one', () => {
    const failed = [
      'mx.desk.example; dmarc=pass; dmarc=fail header.from=example.com',
      'mx.desk.example; spf=pass smtp.mailfrom="a@example.com; dmarc=fail header.from=example.com',
      'mx.desk.example; spf=pass smtp.mailfrom=(@evil.example; dmarc=fail; dkim=pass header.i=)@example.com',
    ];

    expect(failed.map((value) => results(value).dmarc)).to.deep.equal(failed.map(() => 'fail'));
    expect(failed.map(isProven)).to.deep.equal(failed.map(() => false));
  });

  it('V4: is believed of the own server alone, above foreign hops', () => {
    const behindHop = readAuthentication([{ name: 'received', value: 'x' }, ...headers('mx.desk.example; dmarc=pass')], trusted);

    expect(isProven('mx.desk.example; dmarc=pass')).to.equal(true);
    expect(isProven('evil.example; dmarc=pass')).to.equal(false);
    expect(mayActAsAgent(1, behindHop)).to.equal(false);
    expect(mayActAsAgent(2, results('mx.desk.example; dmarc=pass'))).to.equal(false);
  });

  it('V4: is no pass when a second DMARC result says otherwise', () => {
    expect(results('mx.desk.example; dmarc=pass; dmarc=none').dmarc).to.equal('none');
  });

  it('V4, V5: holds with comments, reasons and quoted local parts', () => {
    const honest = [
      'mx.desk.example; dmarc=pass (p=NONE sp=NONE dis=NONE) header.from=example.com',
      'mx.desk.example (relay; 2) 1; spf=pass (sender a;b) smtp.mailfrom="a b"@example.com',
      'mx.desk.example; dkim=pass reason="good; signature" header.d=example.com header.i=@example.com header.s=s1',
      'mx.desk.example;\tdkim=fail header.d=evil.example;\tdkim=pass (ok)\theader.i=@example.com header.s=s1',
      'mx.desk.example; spf=pass smtp.mailfrom=<can@example.com>; dmarc=none',
      'mx.desk.example; arc=pass (i=1 spf=pass dmarc=fail fromdomain=example.com); dmarc=pass',
    ];

    expect(honest.map(isProven)).to.deep.equal(honest.map(() => true));
  });
});

describe("the hops of a mailbox's own servers", () => {
  let inbox: Inbox;
  let sink: SmtpSink;
  let close: () => Promise<void>;
  let ticketId: number;
  beforeEach(async () => {
    ({ inbox, sink, close } = await createSendingInbox());
    await inbox.addReceiver();
    ticketId = (await inbox.receive(mail({ 'Message-ID': '<a@x.example>' }))).ticket_id ?? 0;
  });
  afterEach(() => close());

  /** The test mail goes out and comes back below these lines, and somebody accepts the server that it showed. */
  const proveWith = async (head: string): Promise<void> => {
    await inbox.desk.fetch(`/admin/p/email-inbox/mailboxes/${inbox.mailboxId}/self-test`, { method: 'POST', as: 'ada' });
    await inbox.desk.settle();
    const test = sink.mails.find(({ to }) => to[0]?.includes('+check') === true);
    await inbox.receive(Buffer.concat([Buffer.from(head), test?.raw ?? Buffer.alloc(0)]), 'support@desk.example');
    const { seen_authserv_id: seen } = await inbox.desk.storage.read('p_email_receivers').first();
    await inbox.desk.storage.writeTx((tx) => tx('p_email_receivers').update({ authserv_ids: JSON.stringify([seen]) }));
  };
  const answerOfCan = async (head: string): Promise<string | undefined> => {
    const answer = mail({ From: 'Can <can@example.com>', 'In-Reply-To': '<a@x.example>' });
    await inbox.receive(Buffer.concat([Buffer.from(head), answer]), 'support@desk.example');
    return (await inbox.messages(ticketId)).at(-1)?.direction;
  };
  const lines = (...all: readonly string[]): string => `${all.join('\r\n')}\r\n`;

  const gmail = (results: string): string =>
    lines(
      'Delivered-To: support@desk.example',
      'Received: by 2002:a05:6a10:1234:b0:4fd:a1b2 with SMTP id d19csp1; Mon, 5 Jan 2026 01:00:03 -0800 (PST)',
      'X-Received: by 2002:a17:906:6a06:b0:a6f with SMTP id qw6mr1; Mon, 5 Jan 2026 01:00:03 -0800 (PST)',
      'ARC-Authentication-Results: i=1; mx.google.com; dmarc=pass',
      'Return-Path: <can@example.com>',
      'Received: from mail.example.com (mail.example.com. [192.0.2.1])\r\n        by mx.google.com with ESMTPS id a1; Mon, 5 Jan 2026 01:00:02 -0800 (PST)',
      'Received-SPF: pass (google.com: domain of can@example.com designates 192.0.2.1 as permitted sender)',
      `Authentication-Results: mx.google.com;\r\n       ${results}`,
    );
  const lmtp = (results: string): string =>
    lines(
      'Return-Path: <can@example.com>',
      'Delivered-To: support@desk.example',
      'Received: from mail.desk.example\r\n\tby mail.desk.example with LMTP id a1b2; Mon, 05 Jan 2026 09:00:03 +0000',
      `Authentication-Results: mail.desk.example; ${results}`,
      'Received: from mail.example.com (mail.example.com [192.0.2.1])\r\n\tby mail.desk.example (Postfix) with ESMTPS id 4X; Mon, 05 Jan 2026 09:00:02 +0000',
    );
  for (const [server, head, forged] of [
    ['Gmail', gmail, 'Authentication-Results: mx.google.com; dmarc=pass'],
    ['Postfix with Dovecot over LMTP', lmtp, 'Authentication-Results: mail.desk.example; dmarc=pass'],
  ] as const)
    it(`V4: are counted by the test mail, so that ${server} is believed, and nobody further below`, async () => {
      expect(await answerOfCan(head('dmarc=pass'))).to.equal('in');

      await proveWith(head('spf=pass smtp.mailfrom=desk.example; dmarc=pass'));

      expect(await answerOfCan(lines('Received: from a by b', 'Received: from c by d', 'Received: from e by f', forged))).to.equal('in');
      expect(await answerOfCan(head('dkim=fail; dmarc=fail'))).to.equal('in');
      expect(await answerOfCan(head('dkim=pass header.i=@example.com; dmarc=pass'))).to.equal('out');
    });

  it('V4: count no hop above a server that only let the desk sign in to send', async () => {
    await proveWith(lines('Received: from a by b', 'Authentication-Results: smtp.desk.example; auth=pass smtp.auth=support'));

    expect(await answerOfCan(lines('Received: from a by b', 'Authentication-Results: smtp.desk.example; dmarc=pass'))).to.equal('in');
  });
});
