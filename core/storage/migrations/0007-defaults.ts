import type { Migration } from '../types.ts';

const statuses = [
  {
    key: 'open',
    category: 'open',
    names: { en: 'Open', tr: 'Açık' },
    customer: { en: 'We are working on it', tr: 'Üzerinde çalışıyoruz' },
  },
  {
    key: 'waiting',
    category: 'waiting',
    names: { en: 'Waiting for customer', tr: 'Müşteri bekleniyor' },
    customer: { en: 'Waiting for you', tr: 'Sizden yanıt bekliyoruz' },
  },
  { key: 'solved', category: 'solved', names: { en: 'Solved', tr: 'Çözüldü' }, customer: { en: 'Solved', tr: 'Çözüldü' } },
  { key: 'closed', category: 'closed', names: { en: 'Closed', tr: 'Kapandı' }, customer: { en: 'Closed', tr: 'Kapandı' } },
];

const agentPermissions = [
  'tickets.view',
  'tickets.reply',
  'tickets.note',
  'tickets.edit',
  'tickets.delete',
  'customers.view',
  'customers.edit',
];

const roles = [
  { key: 'admin', name: 'Administrator', kind: 'agent', permissions: ['*'] },
  { key: 'agent', name: 'Agent', kind: 'agent', permissions: agentPermissions },
  { key: 'customer', name: 'Customer', kind: 'customer', permissions: [] },
];

const views = [
  { key: 'mine', names: { en: 'Mine', tr: 'Benimkiler' }, filter: 'assignee:me is:open' },
  { key: 'unassigned', names: { en: 'Unassigned', tr: 'Atanmamış' }, filter: 'assignee:none is:open' },
  { key: 'open', names: { en: 'All open', tr: 'Tüm açıklar' }, filter: 'is:open' },
  { key: 'waiting', names: { en: 'Waiting', tr: 'Bekleyenler' }, filter: 'is:waiting' },
  { key: 'snoozed', names: { en: 'Snoozed', tr: 'Ertelenenler' }, filter: 'is:snoozed' },
  { key: 'solved', names: { en: 'Solved', tr: 'Çözülenler' }, filter: 'is:solved' },
  { key: 'all', names: { en: 'All tickets', tr: 'Tüm talepler' }, filter: '' },
  { key: 'spam', names: { en: 'Spam', tr: 'İstenmeyen' }, filter: 'in:spam' },
  { key: 'trash', names: { en: 'Trash', tr: 'Çöp' }, filter: 'in:trash' },
];

/** The rows a desk cannot run without. Sites change and add their own. */
export const defaults: Migration = {
  name: '0007-defaults',
  async up(tx) {
    await tx('ticket_numbers').insert({ id: 1, next: 1001 });
    await tx('ticket_statuses').insert(
      statuses.map(({ key, category, names, customer }, position) => ({
        key,
        category,
        names: JSON.stringify(names),
        customer_names: JSON.stringify(customer),
        position,
        is_default: true,
      })),
    );
    await tx('roles').insert(
      roles.map(({ key, name, kind, permissions }) => ({
        key,
        name,
        kind,
        permissions: JSON.stringify(permissions),
        is_builtin: true,
        created_at: 0,
        updated_at: 0,
      })),
    );
    await tx('views').insert(
      views.map(({ key, names, filter }, position) => ({
        key,
        names: JSON.stringify(names),
        filter,
        position,
        is_builtin: true,
        created_at: 0,
        updated_at: 0,
      })),
    );
  },
};
