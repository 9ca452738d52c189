import { expect } from 'chai';
import { threadCandidates, readMessageIds } from '../message-ids.ts';
import {
  baseSubject,
  isForwarded,
  readSubjectTags,
  readToken,
  recipientAddresses,
  signAddress,
  threadIndexHead,
  type TokenScope,
} from '../threading-ids.ts';

const scope: TokenScope = { kind: 't', secret: Buffer.alloc(32, 1), mailboxId: 1 };

describe('reply tokens', () => {
  it('T1: name the ticket only under the same key and mailbox', () => {
    const address = signAddress('support@desk.example', 1042, scope);

    expect(address).to.match(/^support\+tsy\.[a-z2-7]{16}@desk\.example$/);
    expect(readToken([address.toUpperCase()], scope)).to.deep.equal({ id: 1042 });
    expect(readToken([address], { ...scope, mailboxId: 2 })).to.equal('forged');
    expect(readToken([address.replace('+tsy', '+tsz')], scope)).to.equal('forged');
    expect(readToken([address], { ...scope, kind: 'b' })).to.equal(undefined);
  });
});

describe('the addresses that a mail was sent to', () => {
  it('T1: are read from each header in which servers note them', () => {
    const names = ['To', 'Cc', 'Delivered-To', 'X-Original-To', 'Envelope-To', 'X-Envelope-To', 'Resent-To'];
    const headers = names.map((name, index) => ({ name: name.toLowerCase(), value: `Desk <support+t${index}@desk.example>` }));

    expect(recipientAddresses(headers)).to.deep.equal(names.map((_, index) => `support+t${index}@desk.example`));
    expect(recipientAddresses([{ name: 'from', value: 'support@desk.example' }])).to.deep.equal([]);
  });
});

describe('threading ids', () => {
  it('T2: keeps the first and the last hundred references and tries the nearest first', () => {
    const ids = readMessageIds(Array.from({ length: 500 }, (_, index) => `<${index}@x>`).join(' '));

    expect(ids).to.have.lengthOf(101);
    expect([ids[0], ids[1], ids.at(-1)]).to.deep.equal(['0@x', '400@x', '499@x']);
    expect(threadCandidates(['b@x'], ['a@x', 'b@x', 'c@x'])).to.deep.equal(['b@x', 'c@x', 'a@x']);
  });

  it('T6: strips prefixes and list tags of many languages (zammad#4965)', () => {
    expect(baseSubject('Re: AW: [list] Fwd: 回复：Printer [#7]')).to.equal('Printer [#7]');
    expect(isForwarded('WG: Printer')).to.equal(true);
    expect(isForwarded('Re: Printer')).to.equal(false);
    expect(readSubjectTags('Re: [#1042] Printer [#7] [#1042]')).to.deep.equal([1042, 7]);
    expect(threadIndexHead(Buffer.alloc(27, 5).toString('base64'))).to.equal('05'.repeat(22));
  });
});
