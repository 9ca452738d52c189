import { expect } from 'chai';
import type { SmtpSink } from '@helpdesk/core/testing';
import { parseMail } from '../parsing.ts';
import { createSendingInbox, mail, type Inbox, type MailRow } from './support/inbox.ts';

const day = 86_400_000;
const markInText = /\[ref:[0-9a-z]+\.[a-z2-7]{16}\]/g;

describe('mail that is found again by the mark it carries', () => {
  let inbox: Inbox;
  let sink: SmtpSink;
  let close: () => Promise<void>;
  beforeEach(async () => {
    ({ inbox, sink, close } = await createSendingInbox());
  });
  afterEach(() => close());

  const quoted = (text: string): string => text.replaceAll(/^/gm, '> ');
  const decisionOf = async ({ id }: MailRow): Promise<{ reason: string; steps: Record<string, unknown>[] }> =>
    JSON.parse((await inbox.desk.storage.read('p_email_mails').where({ id }).first('thread')).thread);
  const sent = async () => parseMail(sink.mails.at(-1)?.raw ?? new Uint8Array());
  const shown = (ticketId: number | null): string => `[ref:${ticketId?.toString(36)}.…]`;
  const isFound = async (words: string): Promise<boolean> => {
    const { items } = (await (await inbox.desk.fetch(`/desk/palette?q=${words}`, { as: 'can' })).json()) as { items: { href: string }[] };
    return items.some(({ href }) => href.startsWith('/desk/tickets/'));
  };
  /** A ticket of mina's with an answer that carries the mark. */
  const answered = async () => {
    await inbox.addReceiver({ marks_bodies: true });
    const { ticket_id: ticketId } = await inbox.receive(mail({}));
    await inbox.answer(ticketId);
    return { ticketId, ...(await sent()) };
  };
  /** An answer of which the mail program kept nothing but the quoted words. */
  const answerTo = (text: string, headers: Record<string, string | undefined> = {}) =>
    inbox.receive(mail({ Subject: 'Thanks', ...headers }, `It works.\n\n${quoted(text)}`));

  it('T3: carries no mark unless the mailbox says so', async () => {
    await inbox.addReceiver();
    const { ticket_id: ticketId } = await inbox.receive(mail({}));
    await inbox.answer(ticketId);

    const all = await Promise.all(sink.mails.map(({ raw }) => parseMail(raw)));
    expect(all.length).to.be.greaterThan(1);
    expect(all.flatMap(({ marks }) => marks)).to.deep.equal([]);
    expect(all.map(({ text, html }) => text + (html ?? '')).join('')).to.not.match(/\[ref:|data-desk-ref/);
  });

  it('T3: an answer without a header that leads anywhere finds its ticket by the text it quotes', async () => {
    const { ticketId, text } = await answered();

    const row = await answerTo(text);

    expect(row.ticket_id).to.equal(ticketId);
    expect(await decisionOf(row)).to.deep.include({ reason: 'body-mark', ticketId });
    const [, , message] = await inbox.messages(ticketId ?? 0);
    expect(JSON.parse(message?.flags ?? '')).to.deep.equal([]);
    const { number } = await inbox.ticket(ticketId);
    const page = async (): Promise<string> => (await inbox.desk.fetch(`/desk/tickets/${number}`, { as: 'can' })).text();
    expect(await page())
      .to.include('It quotes the signed mark of a mail of')
      .and.include('Mark in the quoted text');
    await inbox.desk.storage.writeTx((tx) => tx('users').where({ id: inbox.desk.people.can.id }).update({ locale: 'tr' }));
    expect(await page())
      .to.include('bir e-postanın imzalı işaretini alıntılıyor.')
      .and.include('Alıntıdaki işaret');
  });

  it('T3: an answer in HTML finds it by the attribute alone, or by the words of the mark alone', async () => {
    const { ticketId, html = '' } = await answered();
    const inHtml = (quote: string) =>
      inbox.receive(
        mail({ Subject: 'Thanks', 'Content-Type': 'text/html; charset=utf-8' }, `<p>It works.</p><div class="gmail_quote">${quote}</div>`),
      );

    const byAttribute = await inHtml(html.replaceAll(markInText, ''));
    const byWords = await inHtml(html.replaceAll(/ (?:data-desk-ref|style)="[^"]*"/g, ''));

    expect([byAttribute.ticket_id, byWords.ticket_id]).to.deep.equal([ticketId, ticketId]);
  });

  it('T3: shows no mark of its own to anybody, finds none when searched, and sends each mail with one', async () => {
    const { ticketId, text, html = '' } = await answered();
    const mark = text.match(markInText)?.[0] ?? '';
    await answerTo(text);
    await inbox.receive(mail({ Subject: 'Again', 'Content-Type': 'text/html; charset=utf-8' }, `<p>It works.</p>${html}`));
    await inbox.desk.app.desk.settings.set('tickets', { quoteHistory: 'all' }, { kind: 'mailbox', id: inbox.mailboxId });

    await inbox.answer(ticketId, 'Fine.');

    const messages = await inbox.messages(ticketId ?? 0);
    expect(messages).to.have.length(5);
    expect(messages.map((one) => one.text + (one.html ?? '')).join('\n'))
      .to.not.include('[ref:')
      .and.not.include('data-desk-ref');
    expect([await isFound('works'), await isFound(mark.split(/[.\]]/)[1] ?? '')]).to.deep.equal([true, false]);
    const last = await sent();
    expect(last.text.match(markInText)).to.deep.equal([mark]);
    expect(last.html?.match(markInText)).to.deep.equal([mark]);
  });

  it('T3: a mark with a wrong signature is not believed, noted, and stays in the text', async () => {
    const { ticketId, text } = await answered();
    const forged = (text.match(markInText)?.[0] ?? '').replace(/\.[a-z2-7]{4}/, '.aaaa');

    const row = await answerTo(forged, { From: 'eve@evil.example' });

    expect(row.ticket_id).to.not.equal(ticketId);
    expect((await decisionOf(row)).steps).to.deep.equal([{ rule: 'body-mark', evidence: forged, outcome: 'refused', refusal: 'forged' }]);
    expect((await inbox.messages(row.ticket_id ?? 0))[0]?.text).to.include(forged);
  });

  it('T3: does not shadow an id, and shows no signature where it is noted', async () => {
    const { ticketId, text } = await answered();
    const other = await inbox.receive(mail({ 'Message-ID': '<other@x.example>', Subject: 'Scanner' }));

    const row = await answerTo(text, { 'In-Reply-To': '<other@x.example>' });

    expect(row.ticket_id).to.equal(other.ticket_id);
    expect((await decisionOf(row)).steps).to.deep.include({ rule: 'body-mark', evidence: shown(ticketId), ticketId, outcome: 'hint' });
  });

  it('T10: a stranger who quotes the mark is appended as new, in copy of nothing, and not acknowledged', async () => {
    const { ticketId, text } = await answered();

    const row = await answerTo(text, { From: 'stranger@evil.example' });

    expect(row.ticket_id).to.equal(ticketId);
    const message = (await inbox.messages(ticketId ?? 0)).at(-1);
    expect(JSON.parse(message?.flags ?? '')).to.deep.equal(['new-participant']);
    expect((await inbox.outbox()).filter(({ envelope }) => envelope.includes('evil.example'))).to.deep.equal([]);
    expect((await inbox.ticket(ticketId)).requester_id).to.equal(inbox.desk.people.mina.id);
  });

  it('T6: a mail with the mark that another mailbox forwarded opens a ticket', async () => {
    const { ticketId, text } = await answered();
    await inbox.addMailbox('sales@desk.example');

    const row = await inbox.receive(mail({ Subject: 'WG: Printer', To: 'sales@desk.example' }, quoted(text)), 'sales@desk.example');

    expect(row.ticket_id).to.not.equal(ticketId);
    expect((await decisionOf(row)).steps).to.deep.include({
      rule: 'body-mark',
      evidence: shown(ticketId),
      ticketId,
      outcome: 'refused',
      refusal: 'forward',
    });
  });

  it('T7: the mark of a ticket that was closed long ago leads to a new one beside it', async () => {
    const { ticketId, text } = await answered();
    await inbox.desk.as('can').changeStatus(ticketId ?? 0, 'solved');
    inbox.desk.clock.advance(20 * day);

    const row = await answerTo(text);

    expect(row.ticket_id).to.not.equal(ticketId);
    expect(await decisionOf(row)).to.deep.include({ reason: 'related', ticketId });
  });

  it('T8: the mark of a merged ticket leads to where it was merged into', async () => {
    const { ticketId, text } = await answered();
    const target = await inbox.receive(mail({ Subject: 'Scanner' }));
    await inbox.desk.as('can').merge(ticketId ?? 0, target.ticket_id ?? 0);

    expect((await answerTo(text)).ticket_id).to.equal(target.ticket_id);
  });

  it('T3: acknowledgements carry it, and notifications of agents do not', async () => {
    await inbox.addReceiver({ marks_bodies: true });
    await inbox.mailsNewTickets();
    await inbox.receive(mail({}));

    const marks = await Promise.all(sink.mails.map(async ({ to, raw }) => [to[0], (await parseMail(raw)).marks.length]));
    expect(marks).to.have.deep.members([
      ['mina@example.com', 1],
      ['can@example.com', 0],
    ]);
  });
});
