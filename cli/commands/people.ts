import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  createApiToken,
  createUser,
  erasePerson,
  exportPerson,
  findUserByEmail,
  hashPassword,
  NotFound,
  systemActor,
  type App,
} from '@helpdesk/core/operator';
import { Misused, type Command } from '../command.ts';

const roles = ['admin', 'agent', 'customer'];

export const peopleCommands: readonly Command[] = [
  {
    name: 'user create',
    summary: 'Creates a person; agents without a password get one, which is printed once.',
    options: {
      email: { value: 'address', help: 'The address they sign in with.', isRequired: true },
      name: { value: 'name', help: 'Their name.', isRequired: true },
      role: { value: 'admin|agent|customer', help: 'What they may do.', isRequired: true },
      password: { value: 'password', help: 'At least 10 characters.' },
    },
    run: async ({ desk, options }) => {
      const { email = '', name = '', role = '', password } = options as Readonly<Record<string, string>>;
      if (!roles.includes(role)) throw new Misused(`The role is one of ${roles.join(', ')}, not "${role}".`);
      const made = password ?? (role === 'customer' ? undefined : randomBytes(12).toString('base64url'));
      const passwordHash = made === undefined ? undefined : await hashPassword(made);
      const app = await desk();
      const user = await createUser(app.desk, systemActor, { email, name, role, passwordHash, isConfirmed: true });
      return { id: user.id, email: user.email, role, ...(made === undefined || password !== undefined ? {} : { password: made }) };
    },
  },
  {
    name: 'user export',
    summary: 'Writes everything stored about a customer into a folder, the answers of plugins included.',
    args: ['<email>', '<folder>'],
    run: async ({ io, desk, args: [email = '', named = ''] }) => {
      const app = await desk();
      const folder = path.resolve(io.cwd, named);
      const files = await exportPerson(app, systemActor, await idOf(app, email));
      for (const { name, content } of files) {
        const file = path.join(folder, name);
        mkdirSync(path.dirname(file), { recursive: true });
        writeFileSync(file, content);
      }
      return { email, folder, files: files.length };
    },
  },
  {
    name: 'user erase',
    summary: 'Erases what tells who a customer is, for good; tickets and events stay without it.',
    args: ['<email>'],
    options: { confirm: { value: 'email', help: 'The address once more.', isRequired: true } },
    run: async ({ desk, args: [email = ''], options }) => {
      if (options['confirm'] !== email) throw new Misused(`To erase ${email}, type --confirm ${email}.`);
      const app = await desk();
      const id = await idOf(app, email);
      await erasePerson(app, systemActor, id);
      return { id, erased: true };
    },
  },
  {
    name: 'token create',
    summary: 'Makes an API token that acts as a person; it is printed once and never stored.',
    options: {
      user: { value: 'email', help: 'Whom the token acts as.', isRequired: true },
      scope: { value: 'scopes', help: '* for everything the person may do, or scopes with commas between.', isRequired: true },
      name: { value: 'name', help: 'What it is for.' },
    },
    run: async ({ desk, options }) => {
      const { user: email = '', scope = '', name = 'command line' } = options as Readonly<Record<string, string>>;
      const app = await desk({ isStarted: false });
      const userId = await idOf(app, email);
      const { token } = await createApiToken(app.desk, systemActor, {
        userId,
        name,
        scopes: scope.split(/[\s,]+/).filter((one) => one !== ''),
      });
      return { token };
    },
  },
];

async function idOf({ desk }: App, email: string): Promise<number> {
  const user = await findUserByEmail(desk.storage.read, email);
  if (user === undefined) throw new NotFound('users.not-found', { message: `Nobody has the address ${email}.` });
  return user.id;
}
