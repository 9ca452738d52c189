import { assign, editTicket, openTicket, reply, saveDraft, type Ticket } from '#core/tickets/index.js';
import { saveOrganization } from '#core/users/index.js';
import type { TestDesk } from '#core/testing/index.js';

/** A desk with something to see on every page. */
export async function furnish(desk: TestDesk): Promise<Ticket> {
  const { desk: whole } = desk.app;
  const mina = { userId: desk.people.mina.id };
  await saveOrganization(whole, desk.actor('ada'), { name: 'Kaya & Co', domains: ['kaya.example'] });
  const { ticket } = await openTicket(whole, desk.actor('mina'), {
    subject: 'İki fincan kırık',
    requester: mina,
    message: { text: 'Two of six cups are broken.\n\n> Earlier text\n> of ours' },
    channel: 'portal',
  });
  await openTicket(whole, desk.actor('ada'), {
    subject: 'A very long subject that goes on about the machine, the beans, the filter and the colour of every cup in the house',
    requester: { email: 'w@example.org', name: 'Wolfgang Amadeus von Hohenzollern-Sigmaringen' },
    message: { text: 'Hello' },
    channel: 'email',
    priority: 'urgent',
    tags: ['billing', 'delivery', 'vip'],
  });
  await openTicket(whole, desk.actor('ada'), {
    subject: 'مرحبا، أين طلبي؟',
    requester: { email: 'layla@example.org', name: 'ليلى حداد' },
    message: { text: 'مرحبا' },
    channel: 'email',
  });
  await editTicket(whole, desk.actor('ada'), ticket.id, { tags: ['delivery'], priority: 'high' });
  await assign(whole, desk.actor('can'), ticket.id, desk.people.ada.id);
  await reply(whole, desk.actor('can'), ticket.id, { kind: 'note', text: 'Ask the carrier. @Ada', mentioned: [desk.people.ada.id] });
  await reply(whole, desk.actor('can'), ticket.id, {
    kind: 'reply',
    html: '<p>We send <b>new cups</b>.</p><ul><li>Blue</li></ul>',
    undoMs: 600_000,
  });
  await reply(whole, desk.actor('mina'), ticket.id, {
    kind: 'reply',
    html: '<table style="color:red"><tr><td>Thank you</td></tr></table><img src="https://tracker.example/p.gif">',
  });
  await saveDraft(whole, desk.actor('ada'), ticket.id, { kind: 'reply', text: 'You are welcome' });
  await desk.settle();
  return ticket;
}

/** Addresses of every page by who opens it. */
export function pagesOf(desk: TestDesk, { number }: Ticket): Readonly<Record<'ada' | 'mina' | 'nobody', readonly string[]>> {
  const ticket = `/desk/tickets/${number}`;
  return {
    ada: [
      '/desk/inbox/open',
      '/desk/inbox/mentions',
      '/desk/inbox/trash',
      '/desk/inbox/open?q=tag:billing',
      '/desk/inbox/open?q=foo:bar',
      `${ticket}?view=open`,
      `${ticket}?compose=reply`,
      `${ticket}?compose=note`,
      `${ticket}/edit`,
      `${ticket}/merge`,
      `${ticket}/merge?into=${number + 1}`,
      `${ticket}/links`,
      `${ticket}/events`,
      '/desk/tickets/new',
      '/desk/search',
      '/desk/search?q=cups',
      '/desk/views/new?view=open&q=tag:billing',
      '/desk/notifications',
      '/desk/profile',
      '/desk/profile/notifications',
      '/desk/profile/security',
      '/desk/profile/tokens',
      '/desk/customers',
      `/desk/customers/${desk.people.mina.id}`,
      '/desk/customers/new',
      '/desk/tickets/99999',
      '/admin',
      '/admin/mailboxes',
      '/admin/mailboxes/new',
      '/admin/settings',
      '/admin/people',
      '/admin/people/customers',
      '/admin/people/invite',
      `/admin/people/${desk.people.can.id}`,
      '/admin/organizations',
      '/admin/organizations/new',
      '/admin/roles',
      '/admin/roles/agent',
      '/admin/statuses',
      '/admin/tags',
      '/admin/plugins',
      '/admin/reference',
      '/admin/themes',
      '/admin/health',
      '/admin/tokens',
    ],
    mina: ['/', '/tickets', '/tickets/new', `/tickets/${number}`, `/tickets/sent/${number}`, '/account', '/tickets/99999'],
    nobody: [
      '/',
      '/tickets/new',
      '/sign-in',
      '/sign-in?next=/desk',
      '/sign-in/reset',
      '/reset?token=none',
      '/setup?token=none',
      '/nowhere',
    ],
  };
}
