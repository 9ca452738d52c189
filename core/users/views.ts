import type { Timestamp } from '../kernel/clock.ts';
import type { FieldView, FormErrorsView, OptionView, PagingView, PersonView, Sentence, StatusView } from '../ui/types.ts';

/** `users/profile`: an agent's own settings. */
export interface ProfileView {
  readonly section: 'profile' | 'notifications' | 'security' | 'tokens' | 'plugins';
  /** What plugins want set for this person. */
  readonly groups: readonly { readonly owner: string; readonly title: Sentence; readonly fields: readonly FieldView[] }[];
  readonly form: {
    readonly name: string;
    readonly email: string;
    readonly signature: string;
    readonly locales: readonly OptionView[];
    readonly timeZones: readonly OptionView[];
    readonly schemes: readonly OptionView[];
    readonly undoSeconds: readonly OptionView[];
    /** Where to go after closing a ticket: next, list, stay. */
    readonly afterClose: readonly OptionView[];
    readonly singleKeyShortcuts: boolean;
  };
  readonly notifications: readonly { readonly key: string; readonly label: Sentence; readonly inApp: boolean; readonly byMail: boolean }[];
  readonly mailWorks: boolean;
  readonly sessions: readonly SessionView[];
  readonly tokens: TokenListView;
  readonly hasPassword: boolean;
  readonly errors?: FormErrorsView | undefined;
}

export interface SessionView {
  readonly id: string;
  readonly current: boolean;
  readonly device: string;
  readonly address: string;
  readonly startedAt: Timestamp;
  readonly lastSeenAt: Timestamp;
}

export interface TokenListView {
  readonly tokens: readonly TokenView[];
  readonly scopes: readonly OptionView[];
  /** Shown once, right after it was made. */
  readonly fresh?: { readonly name: string; readonly token: string } | undefined;
  /** Where the forms post to: `/desk/profile/tokens` or `/admin/tokens`. */
  readonly action: string;
}

export interface TokenView {
  readonly id: string;
  readonly name: string;
  readonly owner?: PersonView | undefined;
  readonly scopes: readonly string[];
  readonly lastUsedAt?: Timestamp | undefined;
  readonly createdAt: Timestamp;
  readonly expiresAt?: Timestamp | undefined;
}

/** `users/customers` */
export interface CustomerListView {
  readonly query: string;
  readonly customers: readonly CustomerRowView[];
  readonly paging: PagingView;
}

export interface CustomerRowView extends PersonView {
  readonly href: string;
  readonly organization?: string | undefined;
  readonly openTickets: number;
  readonly lastSeenAt?: Timestamp | undefined;
}

/** `users/customer` */
export interface CustomerPageView {
  readonly customer: PersonView;
  readonly fields: readonly FieldView[];
  readonly emails: readonly {
    readonly id: string;
    readonly address: string;
    readonly primary: boolean;
    readonly verified: boolean;
    readonly trouble?: Sentence | undefined;
  }[];
  readonly organization?: { readonly name: string; readonly href: string } | undefined;
  readonly facts: readonly { readonly label: Sentence; readonly value: string }[];
  readonly note: string;
  readonly tickets: readonly {
    readonly number: number;
    readonly subject: string;
    readonly status: StatusView;
    readonly updatedAt: Timestamp;
  }[];
  readonly paging: PagingView;
  readonly blocked: boolean;
  readonly can: { readonly edit: boolean; readonly block: boolean; readonly merge: boolean; readonly privacy: boolean };
  readonly errors?: FormErrorsView | undefined;
}
