import { composeNotice, reasonInWords, type PluginTx, type User } from '@helpdesk/core/plugin';
import { may } from './agents.ts';
import { findOutages, findUnfiled, type Trouble } from './troubles.ts';
import type { InboxContext } from './settings.ts';

interface ToldRow {
  readonly mailbox_id: number;
  readonly kind: Trouble['kind'];
}

/**
 * The job that tells administrators of trouble: in the app, since mail may be what does not go, and by mail of a mailbox
 * that is well. Once for each outage, however long, and again only after it had ended.
 */
export async function alertAdministrators(ctx: InboxContext): Promise<void> {
  const told: readonly ToldRow[] = await ctx.db.table('outages').select('mailbox_id', 'kind');
  const [outages, unfiled] = await Promise.all([findOutages(ctx), findUnfiled(ctx)]);
  const troubles = [...outages, ...unfiled];
  const isSame = (row: ToldRow, { mailbox, kind }: Trouble): boolean => row.kind === kind && row.mailbox_id === (mailbox?.id ?? 0);
  const ended = told.filter((row) => !troubles.some((trouble) => isSame(row, trouble)));
  const fresh = troubles.filter((trouble) => !told.some((row) => isSame(row, trouble)));
  if (ended.length === 0 && fresh.length === 0) return;
  const [mailboxes, agents, site, sender] = await Promise.all([
    ctx.mail.mailboxes(),
    ctx.users.agents(),
    ctx.site(),
    ctx.mail.systemSender(),
  ]);
  const healthy = mailboxes.find(
    ({ id, isActive, transport }) => isActive && transport !== null && !outages.some(({ mailbox }) => mailbox?.id === id),
  );
  const administrators = agents.filter((agent) => may(agent, 'settings.manage'));
  await ctx.db.tx(async (tx) => {
    for (const row of ended) await tx.table('outages').where({ mailbox_id: row.mailbox_id, kind: row.kind }).delete();
    for (const trouble of fresh) {
      if (!(await noteTold(ctx, tx, trouble))) continue;
      await ctx.events.record(tx, 'mail.stalled', { payload: { alert: alerts[trouble.kind], mailboxId: trouble.mailbox?.id ?? null } });
      for (const person of administrators)
        if (person.email !== null) {
          const to = { name: person.name, email: person.email };
          const notice = noticeOf(ctx, trouble, person, site.name);
          await ctx.mail.queueAutomatic(tx, { kind: 'notification', to, mailbox: healthy, ...notice }, sender);
        }
    }
  });
}

const alerts = { receiving: 'not-receiving', sending: 'not-sending', site: 'not-sending', quarantine: 'unfiled' } as const;

// Several processes run this job's schedule once, but a lease can be lost: the row decides.
async function noteTold(ctx: InboxContext, tx: PluginTx, { mailbox, kind }: Trouble): Promise<boolean> {
  const mine = await tx
    .table('outages')
    .insert({ mailbox_id: mailbox?.id ?? 0, kind, created_at: ctx.clock.now() })
    .onConflict(['mailbox_id', 'kind'])
    .ignore()
    .returning('mailbox_id');
  return mine.length > 0;
}

function noticeOf(ctx: InboxContext, { mailbox, kind, error }: Trouble, person: User, site: string) {
  const translator = ctx.i18n.translatorFor(person.locale);
  const { t, locale } = translator;
  const params = { address: mailbox?.address ?? '' };
  return composeNotice({
    locale,
    subject: t(`email-inbox.trouble.${kind}.subject`, params),
    body: [t(`email-inbox.trouble.${kind}`, params), reasonInWords(translator, error)].filter((line) => line !== '').join('\n'),
    button: t('email-inbox.trouble.button'),
    url: new URL('/admin/p/email-inbox', ctx.url).href,
    footer: site,
  });
}
