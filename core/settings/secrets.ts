import { createCipheriv, createDecipheriv, createHash, randomBytes, randomUUID } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
    if (this.currentKey() !== undefined || existsSync(this.file)) return;
    const stored = await this.storage.read('secrets').first('owner');
    if (stored === undefined) this.keep(randomBytes(32));
  }

  /** Whether there is a key; also one that was restored or made by another process since this one started. */
  get isOpen(): boolean {
    return this.currentKey() !== undefined;
  }

  /** How many stored secrets cannot be read under the key that there is: they must be entered again. */
  async unreadable(): Promise<number> {
    const key = this.currentKey();
    const rows = this.storage.read('secrets').count({ n: '*' });
    const [row] = await (key === undefined ? rows : rows.whereNot({ key_id: keyId(key) }));
    return Number(row?.['n'] ?? 0);
  }

  /** Whether everything that is stored can be read, and more can be kept. */
  async isIntact(): Promise<boolean> {
    return this.isOpen && (await this.unreadable()) === 0;
  }

  /** @throws Unavailable `secrets.key-missing`, also when the stored secret belongs to another key. */
  async get(owner: string, key: string): Promise<string | undefined> {
    const row = await this.storage.read('secrets').where({ owner, key }).first('ciphertext', 'key_id');
    if (row === undefined) return undefined;
    // Where the known key does not fit, another process may have made a new one, or somebody brought the old one back.
    const fitting = this.key !== undefined && keyId(this.key) === row.key_id ? this.key : this.readKey();
    if (fitting === undefined || keyId(fitting) !== row.key_id) throw this.missing();
    return this.decrypt(fitting, owner, key, row.ciphertext);
  }

  /** Keeps a secret under the key in the file; a file that is gone is made again. @throws Unavailable `secrets.key-missing` while it holds no key. */
  async set(tx: Tx, owner: string, key: string, value: string): Promise<void> {
    if (!existsSync(this.file)) this.keep(this.key ?? randomBytes(32));
    const current = this.readKey();
    if (current === undefined) throw this.missing();
    const now = this.clock.now();
    const row = { ciphertext: this.encrypt(current, owner, key, value), key_id: keyId(current), updated_at: now };
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
    const key = this.currentKey();
    if (key === undefined) throw this.missing();
    return derived(key, purpose);
  }

  /** A key for signing what may end with this process: that of the key file, or one of its own while there is none. */
  passingKey(purpose: string): Buffer {
    return derived(this.currentKey() ?? this.passing, purpose);
  }

  private currentKey(): Buffer | undefined {
    return this.key ?? this.readKey();
  }

  /** What the file holds now; a file that is gone or damaged leaves the key that is known. */
  private readKey(): Buffer | undefined {
    if (!existsSync(this.file)) return this.key;
    const key = Buffer.from(readFileSync(this.file, 'utf8').trim(), 'base64');
    if (key.length === 32) this.key = key;
    return this.key;
  }

  /** Writes the key file whole or not at all; what another process wrote in the same moment stays. */
  private keep(key: Buffer): void {
    mkdirSync(path.dirname(this.file), { recursive: true });
    const whole = `${this.file}.${randomUUID()}`;
    try {
      writeFileSync(whole, `${key.toString('base64')}\n`, { mode: 0o600, flag: 'wx', flush: true });
      linkSync(whole, this.file);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    } finally {
      rmSync(whole, { force: true });
    }
    this.readKey();
  }

  private missing(): Unavailable {
    return new Unavailable('secrets.key-missing', { file: this.file });
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

function keyId(key: Buffer): string {
  return createHash('sha256').update('key id').update(key).digest('hex').slice(0, 16);
}

function derived(key: Buffer, purpose: string): Buffer {
  return createHash('sha256').update(key).update(purpose).digest();
}
