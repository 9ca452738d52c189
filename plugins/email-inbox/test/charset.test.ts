import { expect } from 'chai';
import { processorMs } from '@helpdesk/core/testing';
import { decodeText } from '../charset.ts';

const latin = (text: string): Buffer => Buffer.from(text, 'latin1');
// "Привет" in windows-1251.
const cyrillic = Buffer.from([0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2]);

describe('text that is not in the charset it names', () => {
  it('C2: is read in the charset of its meta element, else as windows-1252', () => {
    const html = Buffer.concat([Buffer.from('<meta charset=windows-1251><p>'), cyrillic, Buffer.from('</p>')]);

    expect(decodeText(html, { charset: 'utf-8', isHtml: true })).to.contain('<p>Привет</p>');
    expect(decodeText(latin('Grüße \x96 10 \x80'), { charset: 'utf-8' })).to.equal('Grüße – 10 €');
    expect(decodeText(latin('<meta charset=utf-8>Grüße'), { charset: 'utf-8', isHtml: true })).to.contain('Grüße');
  });

  it('C2: keeps what is right where only a little is broken', () => {
    const cut = Buffer.from('Grüße aus Köln').subarray(0, -3);
    const broken = Buffer.concat([Buffer.from('Grüße, Żółć'), Buffer.from([0xc5])]);

    expect(decodeText(cut, { charset: 'utf-8' })).to.equal('Grüße aus K\uFFFD');
    expect(decodeText(broken, { charset: 'utf-8' })).to.equal('Grüße, Żółć\uFFFD');
    expect(decodeText(latin('\x9ep\xee\x1b\x17'), { charset: 'utf-8' })).to.equal('\uFFFDp\uFFFD\x1b\x17');
  });
});

describe('Korean text of Windows', () => {
  it('C2: holds every syllable, as Outlook writes them under the name of an older charset', () => {
    const words = Buffer.from([0x8c, 0x63, 0xb9, 0xe6, 0xb0, 0xa2, 0xc7, 0xcf, 0x20, 0x81, 0x41, 0x41, 0xa0, 0xfe, 0xc6, 0x52, 0xc9]);

    expect(decodeText(words, { charset: 'ks_c_5601-1987' })).to.equal('똠방각하 갂A좤힣\uFFFD');
  });

  it('C2: is UTF-8 where only its label is Korean', () => {
    expect(decodeText(Buffer.from('한글 Ж'), { charset: 'ks_c_5601-1987' })).to.equal('한글 Ж');
  });

  it('A1, C2: is read in linear time', async () => {
    const spent = await processorMs(() => decodeText(Buffer.from('8c63b0a1'.repeat(250_000), 'hex'), { charset: 'euc-kr' }));

    expect(spent).to.be.below(2000);
  });
});
