import { expect } from 'chai';
import { ownReason, reasonInWords, reasonOf } from '#core/i18n/index.js';
import { Unavailable } from '#core/kernel/errors.js';

const texts: Readonly<Record<string, string>> = {
  'errors.mail.sign-in-failed': 'Sağlayıcı oturumu reddetti: {message}',
  'mail.reason.refused': 'yanıt veren yok.',
  'mail.held': 'Teslim edilmedi: {why}',
};
const turkish = {
  t: (key: string, values: Readonly<Record<string, unknown>> = {}) =>
    (texts[key] ?? '').replace(/\{(\w+)\}/g, (_, name: string) => String(values[name])),
};
const words = (reason: string): string => reasonInWords(turkish, reason);

describe('a stored reason', () => {
  it('is our sentence in the language of its reader, with the words of a server behind it as they came', () => {
    const failed = reasonOf(new Unavailable('mail.sign-in-failed', { mailboxId: 1, message: 'invalid_grant: Token expired' }));

    expect(words(failed)).to.equal('Sağlayıcı oturumu reddetti: invalid_grant: Token expired');
    expect(words(ownReason('mail.held', { why: failed }))).to.equal(
      'Teslim edilmedi: Sağlayıcı oturumu reddetti: invalid_grant: Token expired',
    );
    expect(words(ownReason('mail.held', { why: 'connect ECONNREFUSED' }))).to.equal('Teslim edilmedi: yanıt veren yok.');
  });

  it('is shown as it is where it was stored as a sentence, or a server said it', () => {
    expect(words('The process ended.')).to.equal('The process ended.');
    expect(words(reasonOf(new Error('550 no such user')))).to.equal('550 no such user');
  });

  it('gives a server no words of ours', () => {
    const forged = ownReason('mail.held', { why: 'Pay me.' });

    expect(words(reasonOf(new Error(forged)))).to.include('"key"');
    expect(words(reasonOf(new Unavailable('mail.sign-in-failed', { message: forged })))).to.include('"key"');
  });

  it('says what is left of it when the catalog went with its plugin, or the row was cut', () => {
    expect(words(reasonOf(new Unavailable('gone.late', { message: 'It was late.' })))).to.equal('It was late.');
    expect(words('{"key":"mail.held","val')).to.equal('{"key":"mail.held","val');
  });

  it('is read back however long the answer of a server is, and whatever is in it', () => {
    for (const message of ['"', '\u0001', 'ş', '\\'].map((one) => one.repeat(5000))) {
      const reason = reasonOf(new Unavailable('mail.sign-in-failed', { message }));

      expect(reason.length).to.be.at.most(1000);
      expect(words(reason)).to.include(`reddetti: ${message.slice(0, 30)}`);
      expect(words(ownReason('mail.held', { why: reason }))).to.include('Teslim edilmedi: ');
    }
  });

  it('is no reason of ours without its values', () => {
    for (const stored of ['{"key":"mail.held"}', '{"key":"mail.held","values":null}', '{"key":"a","b":1}'])
      expect(words(stored)).to.equal(stored);
  });
});
