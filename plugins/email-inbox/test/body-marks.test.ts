import { expect } from 'chai';
import { processorMs } from '@helpdesk/core/testing';
import { ownMarks, readMarks, withoutMarks } from '../body-marks.ts';
import { withBodyMark } from '../marking-bodies.ts';
import { parseMail } from '../parsing.ts';
import { signToken, type TokenScope } from '../threading-ids.ts';
import { mailFromMina } from './mails.ts';

const scope: TokenScope = { kind: 'm', secret: Buffer.alloc(32, 1), mailboxId: 0 };
const token = signToken(1042, scope);
const forged = `sy.${'a'.repeat(16)}`;

describe('marks in the body of a mail', () => {
  it('T3: are read from text at any depth of quotes, from HTML whatever became of ids, and each once', async () => {
    const text = await parseMail(mailFromMina([], `Thanks\n\n> > > [ref:${token}]\n> > > [REF:${token.toUpperCase()}]`));
    const html = await parseMail(
      mailFromMina(['Content-Type: text/html'], `<p>Thanks</p><blockquote><div id="x_y" data-desk-ref="${token}"></div></blockquote>`),
    );
    const bare = await parseMail(mailFromMina(['Content-Type: text/html'], `<p>Thanks</p><div data-desk-ref = ${token}>x</div>`));

    expect([text.marks, html.marks, bare.marks]).to.deep.equal([[token], [token], [token]]);
  });

  it('T3: name a ticket only under the key of the desk', () => {
    expect(ownMarks([forged, token], scope)).to.deep.equal([{ token, ticketId: 1042, shown: '[ref:sy.…]' }]);
    expect(ownMarks([token], { ...scope, secret: Buffer.alloc(32, 2) })).to.deep.equal([]);
    expect(ownMarks([token], { ...scope, kind: 't' })).to.deep.equal([]);
  });

  it('T3: of this desk are taken out with their line, those of others stay (zammad#1134)', async () => {
    const foreign = `[ref:00D5Y1._5005Y2:ref] [ref:4711] [ref:${forged}]`;
    const mail = await parseMail(
      mailFromMina([], `Thanks ${foreign}\n\nOn Mon, Can wrote:\n> Hello\n> \n> [ref:${token}]\n> \n> -- \n> Can`),
    );
    const html = await parseMail(
      mailFromMina(
        ['Content-Type: text/html'],
        `<p>${foreign}</p><i data-desk-ref="${forged}"></i><b data-desk-ref="${token}">[ref:${token}]</b>`,
      ),
    );

    expect(withoutMarks(mail, scope).text.replaceAll('\r', '')).to.equal(
      `Thanks ${foreign}\n\nOn Mon, Can wrote:\n> Hello\n> \n> -- \n> Can`,
    );
    expect(withoutMarks(html, scope).html?.trim()).to.equal(`<p>${foreign}</p><i data-desk-ref="${forged}"></i><b></b>`);
    expect(withoutMarks(html, scope).text).to.include(foreign).and.not.include(token);
  });

  it('T3: cost a mail full of forged ones no more than its length', async () => {
    const many = Array.from({ length: 200_000 }, (_, index) => `[ref:${index.toString(36)}.${'a'.repeat(16)}]`).join(' ');
    const broken = '[ref:'.repeat(400_000) + ' data-desk-ref='.repeat(200_000) + ' '.repeat(1_000_000);
    let counts: readonly number[] = [];

    const spent = await processorMs(() => {
      counts = [readMarks([many, broken]), readMarks([broken])].map(({ length }) => length);
    });

    expect(counts).to.deep.equal([50, 0]);
    expect(spent).to.be.below(2000);
  });

  it('T3: stand below the words of a mail, above signature and history', () => {
    const quote = 'On 5 January 2026 at 09:00, Mina Kaya wrote:\n> Hello\n';
    const turkish = '5 Ocak 2026 09:00 tarihinde Mina Kaya yazdı:\n> Merhaba\n';
    const mark = `[ref:${token}]`;
    const marked = (text: string): string => withBodyMark({ text, html: null }, token).text;

    expect(marked('It is out.\n')).to.equal(`It is out.\n\n${mark}\n`);
    expect(marked(`It is out.\n\n-- \nCan\n\n${quote}`)).to.equal(`It is out.\n\n${mark}\n\n-- \nCan\n\n${quote}`);
    expect(marked(`It is out.\n\n${turkish}\n${turkish}`)).to.equal(`It is out.\n\n${mark}\n\n${turkish}\n${turkish}`);
  });

  it('T3: are invisible in HTML, above the history', () => {
    const htmlOf = (html: string): string => withBodyMark({ text: 'It is out.', html }, token).html ?? '';

    expect(htmlOf('<html><body><p>It is out.</p></body></html>')).to.match(
      new RegExp(`^<html><body><p>It is out.</p><div data-desk-ref="${token}" style="display:none;[^"]+">[^<]+</div></body></html>$`),
    );
    expect(htmlOf('<p>Out.</p><div class="helpdesk-quote" data-helpdesk-quote=""><p>Hi</p></div>')).to.match(
      /^<p>Out.<\/p><div data-desk-ref=[^>]+>[^<]+<\/div><div class="helpdesk-quote" data-helpdesk-quote=""><p>Hi<\/p><\/div>$/,
    );
  });
});
