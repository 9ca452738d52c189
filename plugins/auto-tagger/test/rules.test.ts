import { expect } from 'chai';
import { readRule, tagsFor } from '../rules.ts';

const rules = ['invoice, fatura = billing', 'İade = returns', 'party = event', 'credit note = billing'].flatMap(
  (line) => readRule(line) ?? [],
);

describe('the rules of the auto tagger', () => {
  it('fit whole words, whatever their capitals and accents', () => {
    expect(tagsFor('FATURA eksik', rules)).to.deep.equal(['billing']);
    expect(tagsFor('iade etmek istiyorum', rules)).to.deep.equal(['returns']);
    expect(tagsFor('My art is gone', rules)).to.deep.equal([]);
  });

  it('may look for several words in a row', () => {
    expect(tagsFor('Please send a credit\nnote.', rules)).to.deep.equal(['billing']);
    expect(tagsFor('My credit card and a note', rules)).to.deep.equal([]);
  });

  it('give each tag once', () => {
    expect(tagsFor('Invoice and fatura and credit note', rules)).to.deep.equal(['billing']);
  });

  it('are words, one equals sign and one tag', () => {
    for (const line of ['invoice', '= billing', 'invoice =', 'a = b = c', ' , = x']) expect(readRule(line), line).to.equal(undefined);
  });
});
