import { randomBytes } from 'node:crypto';
import { hashPassword } from '../../auth/index.ts';
import type { Desk } from '../../desk.ts';
import { insertFile } from '../../files/index.ts';
import { fold } from '../../i18n/index.ts';
import { Conflict } from '../../kernel/errors.ts';
import type { Tx } from '../../storage/index.ts';
import {
  countAdministrators,
  createUser,
  findUserByEmail,
  listOrganizations,
  saveOrganization,
  systemActor,
  type User,
} from '../../users/index.ts';
import { writeSamples } from './bulk-writing.ts';
import { composeTicket, type Cast } from './composing.ts';
import { Chance } from './random.ts';
import { agents, customers, organizations, stories } from './stories.ts';

const demoTickets = 320;
const demoDays = 45;
const seedDays = 730;
const atOnce = 400;
const dayMs = 86_400_000;
// A tiny PNG: one grey pixel.
const photo = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGOoBwAAgQCAVBr0hQAAAABJRU5ErkJggg==', 'base64');

export interface DemoResult {
  readonly tickets: number;
  readonly admin: string | undefined;
  /** Of an administrator that was made; shown once. */
  readonly password: string | undefined;
}

/** Fills an empty desk with a small shop: people, organizations, tags and some weeks of tickets. @throws Conflict `demo.not-empty`. */
export async function writeDemo(desk: Desk): Promise<DemoResult> {
  if ((await desk.storage.read('tickets').first('id')) !== undefined)
    throw new Conflict('demo.not-empty', { message: 'This desk has tickets already; the sample data is for an empty one.' });
  const needsAdmin = (await countAdministrators(desk.storage.read)) === 0;
  const admin = { name: 'Ada Yılmaz', email: 'ada@example.com' };
  const password = needsAdmin ? await writeAdministrator(desk, admin) : undefined;
  const blob = await desk.files.put(photo);
  const chance = new Chance(2026);
  const now = desk.clock.now();
  const people = await makeCast(desk);
  await desk.storage.writeTx(async (tx) => {
    const file = await insertFile(tx, desk.clock, { ...blob, name: 'lamp.png', contentType: 'image/png' });
    const cast = { ...people, file: { id: file.id, name: file.name } };
    const times = Array.from({ length: demoTickets }, () => now - Math.floor(chance.next() ** 1.3 * demoDays * dayMs) - 600_000).toSorted(
      (a, b) => a - b,
    );
    const tickets = times.map((at) => composeTicket(chance, cast, { at, now }));
    for (let from = 0; from < tickets.length; from += atOnce) await writeSamples(tx, desk, tickets.slice(from, from + atOnce));
    for (const { id } of people.customers) {
      const first = tickets.find(({ requester }) => requester.id === id);
      if (first !== undefined) await tx('users').where({ id }).update({ created_at: first.messages[0]?.at });
    }
  });
  return { tickets: demoTickets, admin: needsAdmin ? admin.email : undefined, password };
}

/** Makes an administrator for sample data and returns the password. */
export async function writeAdministrator(desk: Desk, person: { readonly name: string; readonly email: string }): Promise<string> {
  const password = randomBytes(9).toString('base64url');
  await createUser(desk, systemActor, { ...person, role: 'admin', passwordHash: await hashPassword(password), isConfirmed: true });
  return password;
}

/** Adds many tickets, fast: for measuring. */
export async function seedTickets(desk: Desk, count: number, onProgress: (done: number) => void = () => undefined): Promise<void> {
  const now = desk.clock.now();
  const chance = new Chance(count);
  const cast = await makeCast(desk);
  for (let done = 0; done < count;) {
    const size = Math.min(atOnce, count - done);
    const tickets = Array.from({ length: size }, (_none, index) =>
      composeTicket(chance, cast, { at: now - Math.round((1 - (done + index) / count) * seedDays * dayMs) - 600_000, now }),
    );
    await desk.storage.writeTx((tx) => writeSamples(tx, desk, tickets));
    done += size;
    onProgress(done);
  }
  // Autovacuum learns of so many rows a minute later; until then PostgreSQL plans as for tables that are almost empty.
  if (desk.storage.dialect === 'postgres') await desk.storage.writeTx((tx) => tx.raw('analyze'));
}

async function makeCast(desk: Desk): Promise<Cast> {
  const known = new Set((await listOrganizations(desk.storage.read, { limit: 1000 })).map(({ name }) => name));
  for (const organization of organizations) if (!known.has(organization.name)) await saveOrganization(desk, systemActor, organization);
  const agentIds: number[] = [];
  for (const [name, email, locale] of agents) agentIds.push((await person(desk, { name, email, locale, role: 'agent' })).id);
  const requesters: Cast['customers'][number][] = [];
  for (const [name, email, locale] of customers) {
    const user = await person(desk, { name, email, locale, role: 'customer' });
    requesters.push({ id: user.id, name: user.name, email, organizationId: user.organizationId, locale });
  }
  const [firstAgent, ...otherAgents] = agentIds;
  const [firstCustomer, ...otherCustomers] = requesters;
  if (firstAgent === undefined || firstCustomer === undefined) throw new Error('The sample data names nobody.');
  const { statuses } = desk;
  const [open, waiting, solved, closed] = await Promise.all([
    statuses.defaultOf('open'),
    statuses.defaultOf('waiting'),
    statuses.defaultOf('solved'),
    statuses.defaultOf('closed'),
  ]);
  return {
    agentIds: [firstAgent, ...otherAgents],
    customers: [firstCustomer, ...otherCustomers],
    statuses: { open, waiting, solved, closed },
    tagIds: await desk.storage.writeTx((tx) => makeTags(tx, desk)),
  };
}

async function person(desk: Desk, input: { name: string; email: string; role: string; locale?: string }): Promise<User> {
  return (await findUserByEmail(desk.storage.read, input.email)) ?? createUser(desk, systemActor, { ...input, isConfirmed: true });
}

async function makeTags(tx: Tx, { clock }: Desk): Promise<ReadonlyMap<string, number>> {
  const names = [...new Set(stories.map(({ tag }) => tag))];
  await tx('tags')
    .insert(names.map((name) => ({ name, name_key: fold(name), created_at: clock.now() })))
    .onConflict('name_key')
    .ignore();
  const rows: readonly { id: number; name_key: string }[] = await tx('tags').whereIn('name_key', names.map(fold)).select('id', 'name_key');
  return new Map(names.map((name) => [name, rows.find((row) => row.name_key === fold(name))?.id ?? 0]));
}
