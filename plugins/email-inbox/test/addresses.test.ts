import { expect } from 'chai';
import { addressKey, readAddresses } from '../addresses.ts';
import { cleanFilename, isDangerous } from '../file-names.ts';
import { readMessageIds } from '../message-ids.ts';

const plain = (value: string): string[] => readAddresses(value).map(({ address }) => address);

describe('reading addresses', () => {
  it('never takes a display name for an address', () => {
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

  it('compares domains in ASCII', () => {
    expect(addressKey('A@Mächine.example')).to.equal(addressKey('a@xn--mchine-bua.example'));
  });

  it('stays linear on unclosed quotes and brackets', () => {
    const started = performance.now();
    readAddresses('\\"'.repeat(200_000));
    readMessageIds('<'.repeat(400_000));
    expect(performance.now() - started).to.be.below(1000);
  });
});

describe('cleaning a file name', () => {
  it('keeps the last path part and nothing that hides or escapes', () => {
    const clean = (name: string): string => cleanFilename(name, 'application/pdf');

    expect(clean('../../etc/passwd')).to.equal('passwd');
    expect(clean('C:\\boot.ini')).to.equal('boot.ini');
    expect(clean('invoice\u202efdp.exe')).to.equal('invoicefdp.exe');
    expect(clean('CON.txt')).to.equal('_CON.txt');
    expect(clean('..')).to.equal('attachment.pdf');
    expect(Buffer.byteLength(clean(`${'ü'.repeat(300)}.pdf`))).to.be.at.most(200);
  });

  it('knows files that run when opened', () => {
    expect(isDangerous('invoice.pdf.EXE', 'application/pdf')).to.equal(true);
    expect(isDangerous('invoice.pdf', 'application/pdf')).to.equal(false);
  });
});
