import { expect } from 'chai';
import { processorMs } from '#core/testing/index.js';
import { fillPlaceholders, refuseUnknownPlaceholders, unknownPlaceholders } from '#core/kernel/placeholders.js';

const known = ['customer.name', 'ticket.number'];

describe('texts with placeholders', () => {
  it('hold values, words for a missing one, or its name in brackets', () => {
    const text = 'Hello {{customer.name|you}}, {{ ticket.number }} {{agent.name}}';

    expect(fillPlaceholders(text, { 'customer.name': 'Mina', 'ticket.number': '7', 'agent.name': undefined })).to.equal(
      'Hello Mina, 7 [agent.name]',
    );
    expect(fillPlaceholders(text, { 'customer.name': '  ', 'ticket.number': '7', 'agent.name': 'Can' })).to.equal('Hello you, 7 Can');
  });

  it('take a value as text, whatever it holds', () => {
    expect(fillPlaceholders('{{customer.name}}', { 'customer.name': '{{ticket.number}} $& <b>', 'ticket.number': '7' })).to.equal(
      '{{ticket.number}} $& <b>',
    );
    expect(fillPlaceholders('{{constructor}} {{to-string}}', {})).to.equal('[constructor] [to-string]');
  });

  it('name what they do not know, and braces that are no placeholder', () => {
    expect(unknownPlaceholders('{{customer.name}} {{customer.nmae|x}} {{#if x}}', known)).to.deep.equal(['customer.nmae', '{{#if x}}']);
    expect(unknownPlaceholders('{{customer.name|there}} { single }', known)).to.deep.equal([]);
    expect(() => refuseUnknownPlaceholders('{{7*7}}', known, 'signature'))
      .to.throw()
      .that.deep.includes({
        code: 'placeholders.unknown',
        details: { unknown: '{{7*7}}', known: '{{customer.name}}, {{ticket.number}}', fields: ['signature'] },
      });
  });

  it('are read in linear time', async () => {
    const spent = await processorMs(() => {
      unknownPlaceholders('{{'.repeat(50_000), known);
      fillPlaceholders('{{a|'.repeat(50_000), {});
    });

    expect(spent).to.be.below(1000);
  });
});
