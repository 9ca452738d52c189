import { definePlugin } from '@helpdesk/core/plugin';
import { acknowledgeTicket } from './acknowledging.ts';
import { alertAdministrators } from './alerting.ts';
import { adminRoutes, deskRoutes } from './admin-routes.ts';
import { awayJob } from './away.ts';
import { plainParser } from './measuring.ts';
import { originals } from './originals.ts';
import { orderJob } from './agent-orders.ts';
import { customerCard, customerRoutes } from './customer-choice.ts';
import { commands } from './commands.ts';
import { MailListener } from './listening.ts';
import { noteJob } from './forwarding-agents.ts';
import { checkMails, checkRawMails, healthChecks } from './health.ts';
import { shapeOutgoing } from './outgoing.ts';
import { neededNoMore, privacyAnswer, removeFilesJob } from './privacy.ts';
import { tryAgain } from './receivers-repository.ts';
import { receiveJob, sweepMails } from './receive-job.ts';
import { sentFolder } from './sent-folder.ts';
import { inboxSettings } from './settings.ts';
import { mailboxLink } from './slots.ts';
import { troubleNotice } from './troubles.ts';
import { MailboxWatch } from './watching.ts';
import { threadingRoutes, whyHere } from './why-here.ts';

export default definePlugin({
  settings: inboxSettings,

  activate(ctx) {
    ctx.jobs.define('receive', receiveJob(ctx));
    ctx.jobs.define('note', noteJob(ctx));
    ctx.jobs.define('order', orderJob(ctx));
    ctx.jobs.define('away', awayJob(ctx));
    ctx.jobs.define('remove-files', removeFilesJob(ctx));
    ctx.jobs.define('sweep', () => sweepMails(ctx), { everyMs: 60_000, lane: 'bulk' });
    ctx.jobs.define('alert', () => alertAdministrators(ctx), { everyMs: 60_000 });
    ctx.hooks.onDurable('ticket.opened', 'acknowledge', (opened) => acknowledgeTicket(ctx, opened));
    ctx.hooks.on('mailbox.changed', ({ mailboxId }) => tryAgain(ctx, mailboxId));
    ctx.hooks.filter('files.removing', (hashes) => neededNoMore(ctx, hashes), { critical: true });
    ctx.hooks.filter('mail.outgoing', (mail, facts) => shapeOutgoing(ctx, mail, facts));
    ctx.services.provide('mail.sent-folder', sentFolder(ctx));
    ctx.services.provide('mail.parser', plainParser);
    ctx.services.provide('mail.originals', originals(ctx));
    ctx.http.admin(adminRoutes(ctx));
    ctx.http.desk([...deskRoutes(ctx), ...threadingRoutes(ctx), ...customerRoutes(ctx)]);
    ctx.ui.menu({
      area: 'admin',
      label: 'email-inbox.title',
      href: '/admin/p/email-inbox',
      icon: 'mail-open',
      permission: 'settings.manage',
      group: 'mail',
    });
    ctx.ui.slot('mailbox.settings', mailboxLink(ctx));
    ctx.ui.slot('ticket.message', whyHere(ctx));
    ctx.ui.slot('ticket.sidebar', customerCard(ctx));
    ctx.ui.slot('desk.notices', troubleNotice(ctx));
    ctx.ui.slot('admin.notices', troubleNotice(ctx));
    for (const command of commands(ctx)) ctx.cli(command);
    ctx.health(() => healthChecks(ctx));
    ctx.privacy.declare(privacyAnswer(ctx));
    ctx.doctor('email-inbox.mails', () => checkMails(ctx));
    ctx.doctor('email-inbox.originals', () => checkRawMails(ctx));
    if (!ctx.runsJobs) return;
    const watch = new MailboxWatch(ctx);
    watch.start();
    ctx.own(() => watch.stop());
    const listener = new MailListener(ctx);
    listener.start();
    ctx.own(() => listener.stop());
  },
});
