import { expect } from 'chai';
import { mayActAsAgent, readAuthentication, type Authentication, type TrustedServers } from '../authentication.ts';

const trusted: TrustedServers = { authservIds: ['mx.desk.example'] };
const headers = (value: string) => [
  { name: 'authentication-results', value },
  { name: 'from', value: 'can@example.com' },
];
const results = (value: string): Authentication => readAuthentication(headers(value), trusted);
const isProven = (value: string): boolean => mayActAsAgent(1, results(value));

describe('what a server found out about a mail', () => {
  it('V4, V5: is not what a sender wrote into a quoted local part', () => {
    const injected = [
      'mx.desk.example; spf=pass smtp.mailfrom="x; dmarc=pass "@evil.example; dmarc=fail header.from=example.com',
      'mx.desk.example; spf=pass smtp.mailfrom="x; dmarc=pass "@evil.example; dmarc=none header.from=example.com',
      'mx.desk.example; spf=pass smtp.mailfrom="x@example.com "@evil.example; dmarc=none',
      'mx.desk.example; spf=pass smtp.mailfrom="x smtp.mailfrom=a@example.com "@evil.example; dmarc=none',
      'mx.desk.example; dkim=pass header.i="a header.d=example.com "@evil.example header.d=evil.example; dmarc=none',
      'mx.desk.example; spf=pass smtp.mailfrom="("@evil.example; dmarc=fail; dkim=pass header.i=")"@evil.example',
      'mx.desk.example; spf=pass smtp.mailfrom="a\\"; dmarc=pass; "@evil.example; dmarc=none',
    ];

    expect(injected.map(isProven)).to.deep.equal(injected.map(() => false));
  });

  it('V4, V5: is a failure when any reading of it finds one', () => {
    const failed = [
      'mx.desk.example; dmarc=pass; dmarc=fail header.from=example.com',
      'mx.desk.example; spf=pass smtp.mailfrom="a@example.com; dmarc=fail header.from=example.com',
      'mx.desk.example; spf=pass smtp.mailfrom=(@evil.example; dmarc=fail; dkim=pass header.i=)@example.com',
    ];

    expect(failed.map((value) => results(value).dmarc)).to.deep.equal(failed.map(() => 'fail'));
    expect(failed.map(isProven)).to.deep.equal(failed.map(() => false));
  });

  it('V4: is believed of the own server alone, above foreign hops', () => {
    const behindHop = readAuthentication([{ name: 'received', value: 'x' }, ...headers('mx.desk.example; dmarc=pass')], trusted);

    expect(isProven('mx.desk.example; dmarc=pass')).to.equal(true);
    expect(isProven('evil.example; dmarc=pass')).to.equal(false);
    expect(mayActAsAgent(1, behindHop)).to.equal(false);
    expect(mayActAsAgent(2, results('mx.desk.example; dmarc=pass'))).to.equal(false);
  });

  it('V4: is no pass when a second DMARC result says otherwise', () => {
    expect(results('mx.desk.example; dmarc=pass; dmarc=none').dmarc).to.equal('none');
  });

  it('V4, V5: holds with comments, reasons and quoted local parts', () => {
    const honest = [
      'mx.desk.example; dmarc=pass (p=NONE sp=NONE dis=NONE) header.from=example.com',
      'mx.desk.example (relay; 2) 1; spf=pass (sender "a;b") smtp.mailfrom="a b"@example.com',
      'mx.desk.example; dkim=pass reason="good; signature" header.d=example.com header.i=@example.com header.s=s1',
      'mx.desk.example;\tdkim=fail header.d=evil.example;\tdkim=pass (ok)\theader.i=@example.com header.s=s1',
      'mx.desk.example; spf=pass smtp.mailfrom=<can@example.com>; dmarc=none',
      'mx.desk.example; arc=pass (i=1 spf=pass dmarc=fail fromdomain=example.com); dmarc=pass',
    ];

    expect(honest.map(isProven)).to.deep.equal(honest.map(() => true));
  });
});
