import type { Timestamp } from '../kernel/clock.ts';
import type { FormErrorsView, OptionView, PagingView, PersonView, Sentence, StatusView } from '../ui/types.ts';

/* Lists of tickets on the desk: views, search, bulk changes. */

export type Priority = 'low' | 'normal' | 'high' | 'urgent';

/** A line of the list; also rendered alone (`tickets/row`) after a change. */
export interface TicketRowView {
  readonly number: number;
  readonly href: string;
  readonly subject: string;
  /** Start of the newest message, plain text, at most 140 characters. */
  readonly preview: string;
  /** True when the newest message came from the desk: the preview starts with "You" or a name. */
  readonly answered: boolean;
  readonly requester: PersonView;
  readonly assignee?: PersonView | undefined;
  readonly status: StatusView;
  readonly priority: Priority;
  readonly tags: readonly string[];
  /** How many tags are not in `tags` (at most two are). */
  readonly moreTags: number;
  readonly unread: boolean;
  readonly hasDraft: boolean;
  readonly hasAttachment: boolean;
  readonly snoozedUntil?: Timestamp | undefined;
  readonly updatedAt: Timestamp;
  readonly selected: boolean;
  readonly viewers: readonly PresenceView[];
  /** Columns and marks of plugins, rendered by the slot `ticket.row` for the whole page at once. */
  readonly marks?: readonly string[] | undefined;
}

export interface PresenceView {
  readonly person: PersonView;
  readonly doing: 'viewing' | 'replying';
}

/** `tickets/list` (page), `tickets/list-body` (what htmx swaps). */
export interface TicketListView {
  readonly view: {
    readonly key: string;
    readonly label?: Sentence | undefined;
    readonly name?: string | undefined;
    readonly savedId?: string | undefined;
    readonly editable: boolean;
  };
  /** The filter in words people can type: `is:open tag:billing`. */
  readonly query: string;
  /** The same as chips; `url` is the list without that part. */
  readonly chips: readonly { readonly text: string; readonly url: string }[];
  /** The query does not parse: what is wrong and where. */
  readonly queryError?: Sentence | undefined;
  readonly sorts: readonly (OptionView & { readonly url: string })[];
  readonly density: 'comfortable' | 'compact';
  /** Absent when counting would cost too much; 100 and more print as 99+. */
  readonly count?: number | undefined;
  readonly tickets: readonly TicketRowView[];
  readonly paging: PagingView;
  readonly bulk: BulkView;
  /** Shown in a column beside an open ticket. */
  readonly narrow: boolean;
  /** Topic that announces changes of this view. */
  readonly topic: string;
}

export interface BulkView {
  readonly agents: readonly OptionView[];
  readonly statuses: readonly StatusView[];
  readonly tags: readonly string[];
  readonly can: {
    readonly assign: boolean;
    readonly status: boolean;
    readonly tag: boolean;
    readonly merge: boolean;
    readonly spam: boolean;
    readonly trash: boolean;
  };
  /** What the view holds in all, for "select all of them"; the server works on a snapshot of the filter. */
  readonly total?: number | undefined;
}

/** `tickets/bulk-result`: what a bulk action did, and what it skipped and why. */
export interface BulkResultView {
  readonly done: Sentence;
  readonly skipped: readonly { readonly number: number; readonly subject: string; readonly reason: Sentence }[];
  readonly undoUrl?: string | undefined;
  readonly backUrl: string;
}

/** `tickets/save-view` */
export interface SaveViewView {
  readonly id?: string | undefined;
  readonly name: string;
  readonly query: string;
  readonly sort: string;
  readonly shared: boolean;
  readonly mayShare: boolean;
  readonly errors?: FormErrorsView | undefined;
}

/** `tickets/search` */
export interface SearchView {
  readonly query: string;
  readonly queryError?: Sentence | undefined;
  readonly tickets: readonly (TicketRowView & { readonly excerpt?: readonly HighlightView[] | undefined })[];
  readonly customers: readonly (PersonView & { readonly href: string })[];
  readonly paging: PagingView;
  /** Results of plugins come through the slot `search.results`. */
  readonly hints: readonly { readonly example: string; readonly text: Sentence }[];
}

export interface HighlightView {
  readonly text: string;
  readonly hit: boolean;
}
