import { expect } from 'chai';
import { isPrivateHost } from '#core/net/index.js';

describe('a private host', () => {
  it('is known in every way to write it', async () => {
    for (const host of [
      '127.0.0.1',
      '::1',
      '[::1]',
      '::ffff:127.0.0.1',
      '::ffff:7f00:1',
      '[::ffff:a9fe:a9fe]',
      '64:ff9b::7f00:1',
      '2002:7f00:1::',
      '169.254.169.254',
      '198.18.0.1',
      '224.0.0.1',
      '255.255.255.255',
      'localhost',
    ])
      expect(await isPrivateHost(host), host).to.equal(true);
  });

  it('is not an address of the Internet', async () => {
    for (const host of ['192.0.2.1', '8.8.8.8', '::ffff:808:808', '2001:4860:4860::8888'])
      expect(await isPrivateHost(host), host).to.equal(false);
  });
});
