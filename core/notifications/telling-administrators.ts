import type { Desk } from '../desk.ts';
import type { JobRun } from '../jobs/index.ts';
import { composeNotice } from '../mail/index.ts';
import type { Reader } from '../storage/index.ts';
import { activeAgents, findUsers, type User } from '../users/index.ts';
import { preferenceOf } from './preferences.ts';

/** Tells everybody who may manage plugins that one was stopped, in the app and by mail, once per event. */
export async function tellAdministrators(desk: Desk, job: JobRun): Promise<void> {
  const { eventId, payload } = job.payload as { eventId: number; payload: { readonly plugin: string; readonly reason: string } };
  const sender = await desk.mail.systemSender();
  await desk.storage.writeTx(async (tx) => {
    for (const user of await pluginManagers(tx)) {
      const preference = preferenceOf(user, 'plugin-stopped');
      if (preference.inApp) {
        await tx('notifications')
          .insert({ user_id: user.id, kind: 'plugin-stopped', event_id: eventId, created_at: desk.clock.now() })
          .onConflict(['user_id', 'event_id'])
          .ignore();
        tx.afterCommit(() => desk.live.announce([`user:${user.id}`]));
      }
      if (preference.byMail && user.email !== null) {
        const translator = desk.translatorFor(user.locale, user.timeZone);
        const notice = composeNotice({
          locale: translator.locale,
          subject: translator.t('mail.notice.plugin-stopped.subject', { ...payload }),
          body: translator.t('mail.notice.plugin-stopped.body', { ...payload }),
          button: translator.t('mail.notice.plugin-stopped.button'),
          url: new URL(`/admin/plugins/${payload.plugin}`, desk.config.url).href,
          footer: translator.t('mail.notice.footer'),
        });
        await desk.mail.queueAutomatic(tx, { kind: 'notification', to: { name: user.name, email: user.email }, ...notice }, sender);
      }
    }
    await job.finish(tx);
  });
}

async function pluginManagers(reader: Reader): Promise<readonly User[]> {
  const ids: readonly number[] = await activeAgents(reader)
    .where((may) => void may.where('roles.permissions', 'like', '%"*"%').orWhere('roles.permissions', 'like', '%"plugins.manage"%'))
    .limit(100)
    .pluck('users.id');
  return [...(await findUsers(reader, new Set(ids))).values()];
}
