import { randomBytes } from 'node:crypto';
import { createApiToken, createUser, findUserByEmail, hashPassword, NotFound, systemActor } from '@helpdesk/core/operator';
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
      const user = await findUserByEmail(app.desk.storage.read, email);
      if (user === undefined) throw new NotFound('users.not-found', { message: `Nobody has the address ${email}.` });
      const { token } = await createApiToken(app.desk, systemActor, {
        userId: user.id,
        name,
        scopes: scope.split(/[\s,]+/).filter((one) => one !== ''),
      });
      return { token };
    },
  },
];
