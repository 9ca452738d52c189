import type { App } from '../app.ts';
import { Conflict, Forbidden, NotFound } from '../kernel/errors.ts';
import type { Owned } from '../kernel/contributions.ts';
import type { PrivacySubject } from '../plugin-contributions.ts';
import { tablesOfPlugin } from '../plugins/index.ts';
import { emailsOf, findUser, isAllowed, type Actor, type User } from '../users/index.ts';

export interface Asked {
  readonly user: User;
  readonly subject: PrivacySubject;
}

/** Whom a request is about. @throws Forbidden, NotFound, Conflict `privacy.not-a-customer`. */
export async function subjectOf({ desk }: App, actor: Actor, userId: number): Promise<Asked> {
  if (!isAllowed(actor, 'customers.privacy')) throw new Forbidden('auth.forbidden', { permission: 'customers.privacy' });
  const { read } = desk.storage;
  const user = await findUser(read, userId);
  if (user === undefined || user.deletedAt !== null) throw new NotFound('users.not-found', { message: `There is no person ${userId}.` });
  if (user.role.kind !== 'customer')
    throw new Conflict('privacy.not-a-customer', {
      message: 'Only customers are exported and erased; take the role of an agent away first.',
    });
  const emails = (await emailsOf(read, userId)).map(({ email }) => email);
  const ticketIds: number[] = await read('tickets').where({ requester_id: userId }).orderBy('id').pluck('id');
  return { user, subject: { userId, emails, ticketIds } };
}

/** The answers of the running plugins. */
export function answers({ plugins }: App): readonly Owned<'privacy'>[] {
  return plugins.snapshot.all('privacy');
}

/** Plugins that have data here and cannot be asked, because they are off or gone. */
export async function silentPlugins(app: App): Promise<readonly string[]> {
  const asked = new Set(answers(app).map(({ plugin }) => plugin));
  const silent: string[] = [];
  for (const status of await app.plugins.list()) {
    const storesNone = status.found?.manifest.personalData === false || (status.isRunning && status.found !== undefined);
    if (asked.has(status.id) || storesNone) continue;
    if ((await tablesOfPlugin(app, status)).length > 0) silent.push(status.id);
  }
  return silent;
}
