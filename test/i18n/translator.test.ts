import { createTranslator, fold, loadCatalog, negotiateLocale } from '#core/i18n/index.js';
import { expect } from 'chai';
import path from 'node:path';

const catalog = loadCatalog([path.resolve(import.meta.dirname, '../../../core/locales')]);
const now = Date.UTC(2026, 4, 16, 9, 58);
const minute = 60_000;

describe('a translator', () => {
  it('chooses the plural form of its language', () => {
    const english = createTranslator({ catalog, locale: 'en', timeZone: 'UTC' });

    expect(english.t('admin.tag.tickets', { count: 1 })).to.equal('One ticket');
    expect(english.t('admin.tag.tickets', { count: 1200 })).to.equal('1,200 tickets');
  });

  it('keeps the noun singular after a number in Turkish', () => {
    const turkish = createTranslator({ catalog, locale: 'tr', timeZone: 'UTC' });

    expect(turkish.t('admin.tag.tickets', { count: 1200 })).to.equal('1.200 talep');
  });

  it('answers in English what another language lacks, and never with the key', () => {
    const missing: string[] = [];
    const german = createTranslator({ catalog, locale: 'de', timeZone: 'UTC', onMissing: (key) => missing.push(key) });

    expect(german.t('ui.save')).to.equal('Save');
    expect(german.t('no.such.key')).to.equal('');
    expect(missing).to.deep.equal(['no.such.key']);
  });

  it('tells the time of the reader', () => {
    const turkish = createTranslator({ catalog, locale: 'tr', timeZone: 'Europe/Istanbul' });

    expect(turkish.stamp(now - 10 * minute, now)).to.equal('12:48');
    expect(turkish.relative(now - 10 * minute, now)).to.equal('10 dk. önce');
  });

  it('writes right to left where the language does', () => {
    expect(createTranslator({ catalog, locale: 'ar', timeZone: 'UTC' }).dir).to.equal('rtl');
  });
});

describe('folding a text', () => {
  it('lets Turkish letters meet', () => {
    expect(fold('İADE')).to.equal(fold('iade'));
    expect(fold('IĞDIR')).to.equal(fold('ığdır'));
    expect(fold('ışık ilişik')).to.equal('isik ilisik');
    expect(fold('Çağrı ÖĞÜN Straße')).to.equal('cagri ogun strasse');
  });
});

describe('negotiating the language', () => {
  it('takes what the reader likes best of what is offered', () => {
    expect(negotiateLocale('de, tr-TR;q=0.9, en;q=0.8', ['en', 'tr'])).to.equal('tr');
    expect(negotiateLocale('en;q=0.1, tr;q=0', ['tr', 'en'])).to.equal('en');
  });

  it('falls back to the first offered language', () => {
    expect(negotiateLocale('ja', ['en', 'tr'])).to.equal('en');
    expect(negotiateLocale(undefined, ['tr', 'en'])).to.equal('tr');
  });
});
