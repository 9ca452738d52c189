import { expect } from 'chai';
import { createTestDesk, type TestDesk } from '#core/testing/index.js';
import { reply, type Ticket } from '#core/tickets/index.js';
import { minaWrites, withOutgoingMail } from './support.js';

const quote = (text: string): string => `<div data-quote=""><blockquote>${text}</blockquote></div>`;
const answers = `<p>Hi, see below.</p>${quote('One?')}<p>Yes.</p><div>${quote('Two?')}<p>No.</p></div>`;
const atEnd = `<p>It burns.</p>${quote('Is it out?')}`;
const rich = (html: string): string => `<table><tr><td>A table</td></tr></table>${html}`;

describe('showing quotes', () => {
  let desk: TestDesk;
  let ticket: Ticket;
  beforeEach(async () => {
    desk = await createTestDesk();
    ticket = await minaWrites(desk);
  });
  afterEach(() => desk.close());

  const write = (html: string): Promise<{ readonly id: number }> =>
    reply(desk.app.desk, desk.actor('mina'), ticket.id, { kind: 'reply', html });
  const get = async (path: string, as: 'can' | 'mina'): Promise<string> => (await desk.fetch(path, { as })).text();
  const pages = {
    'the desk': (html: string) => write(html).then(() => get(`/desk/tickets/${ticket.number}`, 'can')),
    'the frame of a rich mail': (html: string) => write(rich(html)).then(({ id }) => get(`/desk/messages/${id}/body`, 'can')),
    'the portal': (html: string) => write(html).then(() => get(`/tickets/${ticket.number}`, 'mina')),
  };

  for (const [place, show] of Object.entries(pages)) {
    it(`R2: folds each quote where it stands in ${place}, with the answers between them open`, async () => {
      expect(read(await show(answers))).to.include('Hi, see below.[One?]Yes.[Two?]No.');
    });

    it(`R2: folds the history at the end of a stored message in ${place}`, async () => {
      expect(read(await show(atEnd))).to.include('It burns.[Is it out?]');
    });

    it(`R2: lets nobody bring a fold of their own into ${place}`, async () => {
      const page = await show('<details class="quote"><summary>Terms</summary>I agree.</details><p>Bye</p>');

      expect(page).to.include('I agree.').and.not.include('<details class="quote"');
    });
  }

  for (const [as, path] of [
    ['can', '/desk/tickets/'],
    ['mina', '/tickets/'],
  ] as const)
    it(`R2, S1: folds each quote of a plain text and its signature, and shows its addresses as links, to ${as}`, async () => {
      const text = 'Hi,\n\n> One?\nYes,  see\n  https://a.example/x.\n> Two?\n\n> Three?\nNo <b>.\n-- \nMina';
      const at = (words: string): number => text.indexOf(words);
      await desk.as('mina').reply(ticket.id, {
        kind: 'reply',
        text,
        folds: {
          quotes: [
            [at('> One?'), at('Yes')],
            [at('> Two?'), at('> Three?')],
            [at('> Three?'), at('No')],
          ],
          signature: [at('-- '), text.length],
        },
      });

      const page = await get(`${path}${ticket.number}`, as);

      expect(read(page)).to.include('Hi,[&gt; One?]Yes,  see  https://a.example/x.[&gt; Two?&gt; Three?]No &lt;b&gt;.[-- Mina]');
      expect(page).to.include('<a href="https://a.example/x" target="_blank" rel="noopener noreferrer nofollow">https://a.example/x</a>.');
    });

  it('R2: leaves a message open that holds hundreds of quotes, which would make a page of megabytes', async () => {
    const line = 'a\n> b\n';
    const quotes = Array.from({ length: 300 }, (_, at) => [at * line.length + 2, (at + 1) * line.length] as const);
    await desk.as('mina').reply(ticket.id, { kind: 'reply', text: line.repeat(300), folds: { quotes } });
    await write(`<p>a</p>${quote('b')}`.repeat(300));

    const page = await get(`/desk/tickets/${ticket.number}`, 'can');

    expect(page).to.include('a\n&gt; b\na').and.not.include('<details class="quote"');
  });

  it('R2: folds the history below an answer that is only a picture', async () => {
    await write(`<p><img src="cid:shot" alt=""></p>${quote('Is it out?')}`);

    expect(read(await get(`/tickets/${ticket.number}`, 'mina'))).to.include('[Is it out?]');
  });

  it('R2: shows a plain text open that is nothing but a quote', async () => {
    await desk.as('mina').reply(ticket.id, { kind: 'reply', text: '> One?', folds: { quotes: [[0, 6]] } });

    expect(await get(`/desk/tickets/${ticket.number}`, 'can'))
      .to.include('>&gt; One?</div>')
      .and.not.include('<details class="quote"');
  });

  it('R2: shows a message open that is nothing but history', async () => {
    const { id } = await write(`<div data-quote="">${rich('Is it out?')}</div>`);

    expect(await get(`/desk/tickets/${ticket.number}`, 'can')).to.include(`src="/desk/messages/${id}/body"`);
    for (const page of [await get(`/desk/messages/${id}/body`, 'can'), await get(`/tickets/${ticket.number}`, 'mina')])
      expect(page).to.include('Is it out?').and.not.include('<summary');
  });

  it('R2: says what opens a fold in the language of the reader, also inside of the frame', async () => {
    const { id } = await write(rich(answers));
    await desk.storage.writeTx((tx) => tx('users').update({ locale: 'tr' }));

    expect(await get(`/desk/messages/${id}/body`, 'can')).to.include(
      '<summary lang="tr" aria-label="Alıntıyı göster" title="Alıntıyı göster">',
    );
  });

  it('R2: shows a message in the page whose quotes alone are rich', async () => {
    await write(`<p>Hi.</p><div data-quote="">${rich('')}</div><p>Yes.</p>`);

    const page = await get(`/desk/tickets/${ticket.number}`, 'can');

    expect(page).to.not.include('<iframe');
    expect(read(page)).to.include('Hi.[A table]Yes.');
  });

  it('R2: quotes a message in the answer with every word, open', async () => {
    await withOutgoingMail(desk);
    await write(answers);
    await reply(desk.app.desk, desk.actor('can'), ticket.id, { kind: 'reply', text: 'Thank you.' });

    const mail = await desk.storage.read('outbox').orderBy('id', 'desc').first('html');

    expect(mail?.html)
      .to.match(/Hi, see below\..*One\?.*Yes\..*Two\?.*No\./s)
      .and.not.include('<details');
  });
});

/** The words of a page without its layout; what is folded stands in square brackets. */
function read(page: string): string {
  return page
    .replaceAll(/<details class="quote"><summary[^>]*>.*?<\/summary>(.*?)<\/details>/gs, '[$1]')
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/\n/g, '');
}
