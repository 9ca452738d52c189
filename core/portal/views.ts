import type { Timestamp } from '../kernel/clock.ts';
import type { AttachmentView, FormErrorsView, OptionView, PagingView, PersonView, Sentence, StatusCategory } from '../ui/types.ts';

/** What a customer reads instead of the desk's status names. */
export interface PortalStatusView {
  readonly category: StatusCategory;
  readonly name: string;
}

/** `portal/home`; plugins fill the slots `portal.home.search`, `portal.home.topics`. */
export interface PortalHomeView {
  readonly greeting?: string | undefined;
  readonly openTickets: readonly PortalTicketRowView[];
  /** A search field is shown only when something can answer it (a plugin). */
  readonly searchUrl?: string | undefined;
  readonly query?: string | undefined;
  readonly promise?: string | undefined;
}

export interface PortalTicketRowView {
  readonly number: number;
  readonly subject: string;
  readonly status: PortalStatusView;
  readonly updatedAt: Timestamp;
  /** The newest message came from the desk. */
  readonly answered: boolean;
  readonly requester?: PersonView | undefined;
}

/** `portal/new` */
export interface PortalNewView {
  readonly signedIn: boolean;
  readonly values: { readonly name: string; readonly email: string; readonly subject: string; readonly body: string };
  readonly idempotencyKey: string;
  readonly attachments: readonly AttachmentView[];
  readonly maximumMegabytes: number;
  readonly errors?: FormErrorsView | undefined;
}

/** `portal/sent`: what happens next. */
export interface PortalSentView {
  readonly number: number;
  readonly email: string;
  readonly signedIn: boolean;
  readonly mailWorks: boolean;
}

/** `portal/tickets` */
export interface PortalListView {
  readonly query: string;
  readonly filter: 'open' | 'solved' | 'all';
  readonly scope: 'mine' | 'organization';
  readonly organization?: string | undefined;
  readonly tickets: readonly PortalTicketRowView[];
  readonly paging: PagingView;
}

/** `portal/ticket` */
export interface PortalTicketView {
  readonly number: number;
  readonly subject: string;
  readonly status: PortalStatusView;
  readonly createdAt: Timestamp;
  readonly messages: readonly PortalMessageView[];
  readonly may: { readonly reply: boolean; readonly close: boolean; readonly reopen: boolean };
  /** Opened by a signed link: this one ticket only. */
  readonly byLink: boolean;
  readonly reply: {
    readonly body: string;
    readonly idempotencyKey: string;
    readonly attachments: readonly AttachmentView[];
    readonly maximumMegabytes: number;
  };
  readonly errors?: FormErrorsView | undefined;
}

export interface PortalMessageView {
  readonly id: string;
  readonly mine: boolean;
  readonly author: PersonView;
  readonly at: Timestamp;
  /** Sanitized, each quote folded in its place; a SafeString. */
  readonly html: unknown;
  readonly attachments: readonly AttachmentView[];
}

/** `portal/account` */
export interface PortalAccountView {
  readonly name: string;
  readonly email: string;
  readonly locales: readonly OptionView[];
  readonly timeZones: readonly OptionView[];
  readonly hasPassword: boolean;
  readonly notice?: Sentence | undefined;
  readonly errors?: FormErrorsView | undefined;
}
