import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { createDatabase, TestClock, type DatabaseHandle } from '#core/testing/index.js';
import { Secrets, Settings } from '#core/settings/index.js';
import type { Storage } from '#core/storage/index.js';

const code = (error: { code: string }): string => error.code;

describe('secrets', () => {
  let handle: DatabaseHandle;
  let storage: Storage;
  let file: string;
  const open = async (): Promise<Secrets> => {
    const secrets = new Secrets(storage, new TestClock(), file);
    await secrets.open();
    return secrets;
  };

  beforeEach(async () => {
    handle = await createDatabase();
    storage = handle.open();
    file = path.join(handle.folder, 'secret.key');
  });
  afterEach(async () => {
    await storage.close();
    handle.remove();
  });

  it('are unreadable without the key file, which only the owner may read', async () => {
    const secrets = await open();
    await storage.writeTx((tx) => secrets.set(tx, 'mail', 'smtp', 'hunter2'));

    expect(await secrets.get('mail', 'smtp')).to.equal('hunter2');
    expect(JSON.stringify(await storage.read('secrets'))).to.not.contain('hunter2');
    expect(statSync(file).mode & 0o777).to.equal(0o600);
  });

  it('are never given a new key silently', async () => {
    const secrets = await open();
    await storage.writeTx((tx) => secrets.set(tx, 'mail', 'smtp', 'hunter2'));
    rmSync(file);
    const keyless = await open();

    expect(keyless.isOpen).to.equal(false);
    expect(await keyless.get('mail', 'smtp').catch(code)).to.equal('secrets.key-missing');
    expect(() => keyless.signingKey('addresses'))
      .to.throw()
      .with.property('code', 'secrets.key-missing');
    expect(existsSync(file)).to.equal(false);
  });

  it('are readable again when they are entered again, which makes a new key, or when the old key is back (F26)', async () => {
    const secrets = await open();
    await storage.writeTx((tx) => secrets.set(tx, 'mail', 'smtp', 'hunter2'));
    await storage.writeTx((tx) => secrets.set(tx, 'mail', 'imap', 'hunter3'));
    renameSync(file, `${file}.lost`);
    const [keyless, other] = [await open(), await open()];
    await storage.writeTx((tx) => keyless.set(tx, 'mail', 'smtp', 'again'));

    expect(await keyless.get('mail', 'smtp')).to.equal('again');
    expect(await other.get('mail', 'smtp')).to.equal('again');
    expect(await keyless.get('mail', 'imap').catch(code)).to.equal('secrets.key-missing');
    renameSync(`${file}.lost`, file);
    expect(await (await open()).get('mail', 'imap')).to.equal('hunter3');
  });

  it('are never written under a key that no file holds (F26)', async () => {
    const running = await open();
    await storage.writeTx((tx) => running.set(tx, 'mail', 'smtp', 'hunter2'));
    rmSync(file);
    const keyless = await open();
    expect(await keyless.unreadable()).to.equal(1);
    await storage.writeTx((tx) => running.set(tx, 'mail', 'imap', 'kept'));

    expect(await keyless.get('mail', 'imap')).to.equal('kept');
    expect(await keyless.unreadable()).to.equal(0);
    writeFileSync(file, Buffer.alloc(32, 7).toString('base64'));
    await storage.writeTx((tx) => running.set(tx, 'mail', 'imap', 'anew'));
    expect(await (await open()).get('mail', 'imap')).to.equal('anew');
    expect(await running.unreadable()).to.equal(1);
  });

  it('do not take a damaged key file for a key, nor overwrite it', async () => {
    const secrets = await open();
    await storage.writeTx((tx) => secrets.set(tx, 'mail', 'smtp', 'hunter2'));
    writeFileSync(file, 'damaged');
    const keyless = await open();

    expect(await storage.writeTx((tx) => keyless.set(tx, 'mail', 'smtp', 'new')).catch(code)).to.equal('secrets.key-missing');
    expect(readFileSync(file, 'utf8')).to.equal('damaged');
  });

  it('say so when the key is another one, and when a ciphertext was moved or damaged', async () => {
    const secrets = await open();
    await storage.writeTx((tx) => secrets.set(tx, 'mail', 'smtp', 'hunter2'));
    await storage.writeTx((tx) => tx('secrets').update({ key: 'moved' }));
    expect(await secrets.get('mail', 'moved').catch(() => 'refused')).to.equal('refused');

    writeFileSync(file, Buffer.alloc(32, 7).toString('base64'));
    expect(await (await open()).get('mail', 'moved').catch(code)).to.equal('secrets.key-missing');
    expect(readFileSync(file, 'utf8')).to.contain('Bwc');
  });
});

describe('settings', () => {
  let handle: DatabaseHandle;
  let storage: Storage;
  let settings: Settings;
  beforeEach(async () => {
    handle = await createDatabase();
    storage = handle.open();
    const secrets = new Secrets(storage, new TestClock(), path.join(handle.folder, 'secret.key'));
    await secrets.open();
    settings = new Settings(storage, secrets, new TestClock());
    settings.define('demo', {
      hours: { type: 'integer', minimum: 1, maximum: 48, default: 24 },
      style: { type: 'string', enum: ['stars', 'faces'], default: 'stars' },
      key: { type: 'string', 'x-secret': true },
    });
  });
  afterEach(async () => {
    await storage.close();
    handle.remove();
  });

  it('have their defaults until they are set, and take numbers from forms', async () => {
    expect(await settings.get('demo')).to.deep.equal({ hours: 24, style: 'stars' });
    await settings.set('demo', { hours: '12' });

    expect(await settings.get('demo')).to.deep.equal({ hours: 12, style: 'stars' });
  });

  it('refuse what their schema forbids, name the field and store nothing', async () => {
    const error = await settings
      .set('demo', { hours: 100, style: 'faces' })
      .catch((caught: { code: string; details: { fields: object } }) => caught);

    expect(error).to.have.property('code', 'settings.invalid');
    expect(error).to.have.nested.property('details.fields.hours');
    expect(await settings.get('demo')).to.deep.equal({ hours: 24, style: 'stars' });
  });

  it('keep secrets out of their values', async () => {
    await settings.set('demo', { key: 'abc' });

    expect(await settings.get('demo')).to.not.have.property('key');
    expect(await settings.secret('demo', 'key')).to.equal('abc');
    await settings.set('demo', { key: '' });
    expect(await settings.secret('demo', 'key')).to.equal('abc');
  });

  it('fall back to the default when a stored value is damaged', async () => {
    await storage.writeTx((tx) => tx('settings').insert({ owner: 'demo', key: 'hours', value: '{broken', created_at: 1, updated_at: 1 }));

    expect((await settings.get('demo'))['hours']).to.equal(24);
  });
});
