import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '../kernel/clock.ts';
import { Unavailable } from '../kernel/errors.ts';
import { noteSettingsChange } from '../kernel/kernel-state.ts';
import type { Storage, Tx } from '../storage/index.ts';

/**
 * Secrets at rest: AES-256-GCM under a key file that lies outside the database.
 *
 * A lost key is never replaced silently: with secrets stored and no key, reading says
 * `secrets.key-missing`, and the desk runs on without them. Entering a secret again makes a new key.
 */
export class Secrets {
  private readonly storage: Storage;
  private readonly clock: Clock;
  private readonly file: string;
  private key: Buffer | undefined;
  private readonly passing = randomBytes(32);

  constructor(storage: Storage, clock: Clock, file: string) {
    this.storage = storage;
    this.clock = clock;
    this.file = file;
  }

  /** Reads the key file, or makes one while there is nothing it would be needed for. */
  async open(): Promise<void> {
    if (existsSync(this.file)) return this.readKey();
    const stored = await this.storage.read('secrets').first('owner');
    if (stored === undefined) this.makeKey();
  }

  /** Whether there is a key, restored or made by another process since this one started. */
  get isOpen(): boolean {
    if (this.key === undefined && existsSync(this.file)) this.readKey();
    return this.key !== undefined;
  }

  /** @throws Unavailable `secrets.key-missing`, also when the stored secret belongs to another key. */
  async get(owner: string, key: string): Promise<string | undefined> {
    const row = await this.storage.read('secrets').where({ owner, key }).first('ciphertext', 'key_id');
    if (row === undefined) return undefined;
    if (!this.isOpen || this.key === undefined || row.key_id !== this.keyId())
      throw new Unavailable('secrets.key-missing', { file: this.file });
    return this.decrypt(this.key, owner, key, row.ciphertext);
  }

  /** @throws Unavailable `secrets.key-missing` while the key file holds no key. */
  async set(tx: Tx, owner: string, key: string, value: string): Promise<void> {
    if (!this.isOpen && !existsSync(this.file)) this.makeKey();
    if (this.key === undefined) throw new Unavailable('secrets.key-missing', { file: this.file });
    const now = this.clock.now();
    const row = { ciphertext: this.encrypt(this.key, owner, key, value), key_id: this.keyId(), updated_at: now };
    await noteSettingsChange(tx);
    await tx('secrets')
      .insert({ owner, key, ...row, created_at: now })
      .onConflict(['owner', 'key'])
      .merge(row);
  }

  async delete(tx: Tx, owner: string, key: string): Promise<void> {
    await noteSettingsChange(tx);
    await tx('secrets').where({ owner, key }).delete();
  }

  async has(owner: string, key: string): Promise<boolean> {
    return (await this.storage.read('secrets').where({ owner, key }).first('owner')) !== undefined;
  }

  /** A key for signing that is derived from the key file, one per purpose. @throws Unavailable `secrets.key-missing` */
  signingKey(purpose: string): Buffer {
    if (!this.isOpen || this.key === undefined) throw new Unavailable('secrets.key-missing', { file: this.file });
    return createHash('sha256').update(this.key).update(purpose).digest();
  }

  /** A key for signing what may end with this process: that of the key file, or one of its own while there is none. */
  passingKey(purpose: string): Buffer {
    if (this.isOpen) return this.signingKey(purpose);
    return createHash('sha256').update(this.passing).update(purpose).digest();
  }

  private readKey(): void {
    const key = Buffer.from(readFileSync(this.file, 'utf8').trim(), 'base64');
    if (key.length === 32) this.key = key;
  }

  private makeKey(): void {
    mkdirSync(path.dirname(this.file), { recursive: true });
    const key = randomBytes(32);
    try {
      writeFileSync(this.file, `${key.toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
      this.key = key;
    } catch (error) {
      // Another process of this desk made the file in the same moment.
      if (!existsSync(this.file)) throw error;
      this.readKey();
    }
  }

  private keyId(): string {
    return createHash('sha256')
      .update('key id')
      .update(this.key ?? '')
      .digest('hex')
      .slice(0, 16);
  }

  // Owner and name are authenticated too, so a ciphertext cannot be moved to another place.
  private encrypt(key: Buffer, owner: string, name: string, value: string): string {
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(`${owner}\n${name}`));
    const body = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64');
  }

  private decrypt(key: Buffer, owner: string, name: string, text: string): string {
    const bytes = Buffer.from(text, 'base64');
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12)).setAAD(Buffer.from(`${owner}\n${name}`));
    decipher.setAuthTag(bytes.subarray(12, 28));
    return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
  }
}
