import type { ViewLinkView, ViewsNavView } from '../ui/types.ts';
import type { UserActor } from '../users/index.ts';

export interface NavigationFacts {
  readonly views: readonly {
    readonly id: number;
    readonly key: string;
    readonly names: string;
    readonly filter: string;
    readonly userId: number | null;
    readonly isBuiltin: number | boolean;
  }[];
  readonly counts: readonly {
    readonly mailboxId: number;
    readonly assigneeId: number;
    readonly bucket: string;
    readonly tickets: number;
  }[];
  readonly mailboxes: readonly { readonly id: number; readonly name: string }[];
}

/** A view as the list shows it: stored, of a mailbox, or one of those that follow from what the agent did. */
export interface ViewInfo {
  readonly key: string;
  readonly name?: string;
  readonly labelKey?: string;
  readonly filter: string;
  readonly savedId?: number;
  readonly isOwn: boolean;
  readonly count?: number;
}

const icons: Readonly<Record<string, string>> = {
  mine: 'user',
  unassigned: 'user-plus',
  open: 'inbox',
  waiting: 'hourglass',
  snoozed: 'alarm-clock',
  mentions: 'at-sign',
  drafts: 'file-pen-line',
  sent: 'send',
  solved: 'circle-check',
  all: 'archive',
  spam: 'shield-alert',
  trash: 'trash-2',
};
const personal: readonly ViewInfo[] = [
  { key: 'mentions', labelKey: 'view.mentions', filter: 'is:mentioned', isOwn: false },
  { key: 'drafts', labelKey: 'view.drafts', filter: 'is:drafted', isOwn: false },
  { key: 'sent', labelKey: 'view.sent', filter: 'is:written', isOwn: false },
];
const buckets: Readonly<Record<string, string>> = {
  open: 'open',
  waiting: 'waiting',
  snoozed: 'snoozed',
  solved: 'solved',
  spam: 'spam',
  trash: 'trash',
};

/** Every view the actor has, in the order of the sidebar. */
export function viewsOf(
  facts: NavigationFacts,
  actor: UserActor,
  locale: string,
): { readonly builtIn: readonly ViewInfo[]; readonly mailboxes: readonly ViewInfo[]; readonly saved: readonly ViewInfo[] } {
  const stored = facts.views.map((view): ViewInfo & { readonly isBuiltin: boolean } => {
    const names = JSON.parse(view.names) as Readonly<Record<string, string>>;
    const count = countOf(facts, actor, view.key);
    return {
      key: view.key,
      name: names[locale] ?? names['en'] ?? view.key,
      filter: view.filter,
      savedId: view.id,
      isOwn: view.userId === actor.userId,
      isBuiltin: Boolean(view.isBuiltin),
      ...(count === undefined ? {} : { count }),
    };
  });
  const builtIn = stored.filter(({ isBuiltin }) => isBuiltin);
  const at = builtIn.findIndex(({ key }) => key === 'solved');
  const split = at === -1 ? builtIn.length : at;
  return {
    builtIn: [...builtIn.slice(0, split), ...personal, ...builtIn.slice(split)],
    mailboxes: facts.mailboxes.map(({ id, name }) => ({
      key: `mailbox-${id}`,
      name,
      filter: `mailbox:${id} is:open`,
      isOwn: false,
      count: openIn(facts, id),
    })),
    saved: stored.filter(({ isBuiltin }) => !isBuiltin),
  };
}

/** The sidebar; counts stand only where they drive work. */
export function presentNavigation(facts: NavigationFacts, actor: UserActor, locale: string, current?: string): ViewsNavView {
  const views = viewsOf(facts, actor, locale);
  const link =
    (icon: string, shown: readonly string[] | 'all') =>
    (view: ViewInfo): ViewLinkView => ({
      key: view.key,
      ...(view.labelKey === undefined ? { name: view.name ?? '' } : { label: { key: view.labelKey } }),
      icon: icons[view.key] ?? icon,
      current: view.key === current,
      ...((shown === 'all' || shown.includes(view.key)) && view.count !== undefined ? { count: view.count } : {}),
    });
  return {
    builtIn: views.builtIn.map(link('list', ['mine', 'unassigned'])),
    mailboxes: views.mailboxes.map(link('mail', 'all')),
    saved: views.saved.map(link('bookmark-plus', [])),
  };
}

/** The view of an address, undefined when there is none. */
export function findView(facts: NavigationFacts, actor: UserActor, locale: string, key: string): ViewInfo | undefined {
  const views = viewsOf(facts, actor, locale);
  return [...views.builtIn, ...views.mailboxes, ...views.saved].find((view) => view.key === key);
}

function countOf({ counts }: NavigationFacts, actor: UserActor, key: string): number | undefined {
  const sum = (wanted: (count: NavigationFacts['counts'][number]) => boolean): number =>
    counts.filter(wanted).reduce((total, { tickets }) => total + tickets, 0);
  if (key === 'mine') return sum(({ bucket, assigneeId }) => bucket === 'open' && assigneeId === actor.userId);
  if (key === 'unassigned') return sum(({ bucket, assigneeId }) => bucket === 'open' && assigneeId === 0);
  const bucket = buckets[key];
  return bucket === undefined ? undefined : sum((count) => count.bucket === bucket);
}

function openIn({ counts }: NavigationFacts, mailboxId: number): number {
  return counts
    .filter((count) => (count.bucket === 'open' || count.bucket === 'shared') && count.mailboxId === mailboxId)
    .reduce((total, { tickets }) => total + tickets, 0);
}
