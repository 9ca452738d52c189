import { expect } from 'chai';
import { addressKey, isAmbiguousFrom, readAddresses } from '../addresses.ts';
import { isDangerous } from '@helpdesk/core/plugin';
import { processorMs } from '@helpdesk/core/testing';
import { cleanFilename } from '../file-names.ts';
import { readMessageIds } from '../message-ids.ts';

const plain = (value: string): string[] => readAddresses(value).map(({ address }) => address);

describe('reading addresses', () => {
  it('V1: never takes a display name for an address', () => {
    expect(readAddresses('"ceo@bank.example" <eve@evil.example>')).to.deep.equal([
      { name: 'ceo@bank.example', address: 'eve@evil.example' },
    ]);
    expect(plain('ceo@bank.example <eve@evil.example>')).to.deep.equal(['eve@evil.example']);
  });

  it('reads groups, comments and quoted local parts', () => {
    expect(plain('Team: a@x.example, b@x.example;, c(note, with comma)@x.example, "d e"@x.example')).to.deep.equal([
      'a@x.example',
      'b@x.example',
      'c@x.example',
      '"d e"@x.example',
    ]);
    expect(readAddresses('f@x.example (Fay)')).to.deep.equal([{ name: 'Fay', address: 'f@x.example' }]);
  });

  it('V1: leaves out words without an @ outside of brackets, as a name with a comma that nobody quoted', () => {
    expect(readAddresses('Kaya, Mina <mina@x.example>')).to.deep.equal([{ name: 'Mina', address: 'mina@x.example' }]);
    expect(plain('John')).to.deep.equal([]);
    expect(plain('Cron <root>, John, undisclosed-recipients:;')).to.deep.equal(['root']);
  });

  it('compares domains in ASCII', () => {
    expect(addressKey('A@Mächine.example')).to.equal(addressKey('a@xn--mchine-bua.example'));
  });

  it('stays linear on unclosed quotes and brackets', async () => {
    const spent = await processorMs(() => {
      readAddresses('\\"'.repeat(200_000));
      readMessageIds('<'.repeat(400_000));
    });

    expect(spent).to.be.below(1000);
  });
});

describe('a From header that two programs could read as two senders', () => {
  const ambiguous: readonly (readonly [why: string, ...values: string[]])[] = [
    ['nested comment that holds an address', 'ceo@corp.test (a (b) <evil@evil.test>)'],
    ['comment before the address', '(<evil@evil.test>) ceo@corp.test'],
    ['address in a comment without brackets', 'ceo@corp.test (evil@evil.test)'],
    ['two brackets', '<ceo@corp.test> <evil@evil.test>'],
    ['two headers', 'ceo@corp.test', 'evil@evil.test'],
    ['open quote', '"Ceo <ceo@corp.test>'],
    ['open comment', 'ceo@corp.test (note'],
    ['open bracket', 'Ceo <ceo@corp.test'],
    ['brackets in brackets', '<ceo@corp.test <evil@evil.test>>'],
    ['encoded word in the address', '<=?utf-8?q?ceo?=@corp.test>'],
    ['quoted local part that is an address', '"ceo@corp.test"@evil.test'],
  ];
  for (const [why, ...values] of ambiguous) {
    it(`V1: has no known sender: ${why}`, () => {
      expect(isAmbiguousFrom(values) || !/^[^@"]+@[^@]+$/.test(plain(values[0] ?? '')[0] ?? '')).to.equal(true);
    });
  }

  const clear = [
    'ceo@corp.test',
    'Ceo <ceo@corp.test>',
    '"ceo@bank.example" <eve@evil.example>',
    'ceo@bank.example <eve@evil.example>',
    '"Sales <sales@corp.test>" <no-reply@corp.test>',
    'f@x.example (Fay)',
    '=?utf-8?q?Zo=C3=AB_=28x=29?= <zoe@a.example>',
    'a@x.example, "B, C" <b@x.example>',
    'Team: a@x.example, b@x.example;',
    '<@relay.example:user@host.example>',
    'Müller (Büro) <m@x.example>',
  ];
  for (const value of clear) {
    it(`V1: is clear: ${value}`, () => {
      expect(isAmbiguousFrom([value])).to.equal(false);
      expect(plain(value)[0]).to.match(/@/);
    });
  }

  it('V1: takes bounded time over 200,000 comments', async () => {
    const spent = await processorMs(() => {
      for (const value of [`a@x.example ${'(x)'.repeat(200_000)}`, `${'('.repeat(200_000)}a@x.example`, '<a@b>'.repeat(100_000)]) {
        readAddresses(value);
        isAmbiguousFrom([value]);
      }
    });

    // A square of 200,000 would take minutes; the rest is room for a slow machine.
    expect(spent).to.be.below(8000);
  });
});

describe('cleaning a file name', () => {
  it('A2: keeps the last path part and nothing that hides or escapes', () => {
    const clean = (name: string): string => cleanFilename(name, 'application/pdf');

    expect(clean('../../etc/passwd')).to.equal('passwd');
    expect(clean('C:\\boot.ini')).to.equal('boot.ini');
    expect(clean('invoice\u202efdp.exe')).to.equal('invoicefdp.exe');
    expect(clean('CON.txt')).to.equal('_CON.txt');
    expect(clean('..')).to.equal('attachment.pdf');
    expect(Buffer.byteLength(clean(`${'ü'.repeat(300)}.pdf`))).to.be.at.most(200);
  });

  it('A4: knows files that run when opened', () => {
    expect(isDangerous('invoice.pdf.EXE', 'application/pdf')).to.equal(true);
    expect(isDangerous('invoice.pdf', 'application/pdf')).to.equal(false);
  });
});
