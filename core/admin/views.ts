import type { Timestamp } from '../kernel/clock.ts';
import type { FieldView, FormErrorsView, LinkView, OptionView, PagingView, PersonView, Sentence, StatusCategory } from '../ui/types.ts';

/** Good is quiet, attention is amber, problem is red; always with a word. */
export type Health = 'good' | 'attention' | 'problem' | 'off';

/** `admin/overview` */
export interface OverviewView {
  readonly version: string;
  readonly steps: readonly { readonly text: Sentence; readonly done: boolean; readonly href: string }[];
  readonly health: Health;
  readonly problems: readonly { readonly text: Sentence; readonly href: string; readonly health: Health }[];
  readonly facts: readonly { readonly label: Sentence; readonly value: string | number; readonly href?: string | undefined }[];
  readonly recent: readonly { readonly text: Sentence; readonly actor?: PersonView | undefined; readonly at: Timestamp }[];
}

/** `admin/form`: the page for one generated or small form (status, tag, role, person, organization). */
export interface AdminFormView {
  readonly title: Sentence;
  readonly back: { readonly href: string; readonly label: Sentence };
  readonly action: string;
  readonly submit: Sentence;
  readonly version?: number | undefined;
  readonly fields: readonly FieldView[];
  readonly deletion?: { readonly action: string; readonly label: Sentence; readonly warning: Sentence } | undefined;
  readonly errors?: FormErrorsView | undefined;
}

/** `admin/mailboxes`: outgoing only; email-inbox adds receiving by the slot `mailbox.settings`. */
export interface MailboxListView {
  readonly mailboxes: readonly {
    readonly id: string;
    readonly name: string;
    readonly address: string;
    readonly sending: Health;
    readonly sendingText: Sentence;
    readonly isDefault: boolean;
  }[];
  readonly systemMail: { readonly health: Health; readonly text: Sentence; readonly href: string };
}

/** `admin/mailbox` */
export interface MailboxFormView {
  readonly id?: string | undefined;
  readonly name: string;
  readonly address: string;
  readonly fields: readonly FieldView[];
  readonly sendingFields: readonly FieldView[];
  readonly action: string;
  readonly testAction: string;
  /** What plugins want set for this mailbox. */
  readonly groups: readonly { readonly owner: string; readonly title: Sentence; readonly fields: readonly FieldView[] }[];
  readonly test?: ConnectionTestView | undefined;
  readonly signIn?: MailSignInView | undefined;
  readonly errors?: FormErrorsView | undefined;
}

/** `admin/mail-sign-in`: the sign-in of a mailbox at its provider. */
export interface MailSignInView {
  /** Those that are set up in the settings. */
  readonly providers: readonly { readonly label: Sentence; readonly href: string }[];
  /** Has to be entered at the provider. */
  readonly redirectUri: string;
  readonly account?:
    | {
        readonly name: string;
        readonly isSignedOut: boolean;
        readonly expiresAt: Timestamp;
        /** The provider's words. */
        readonly error?: string | undefined;
        readonly signOutAction: string;
      }
    | undefined;
}

/** `admin/connection-test`: the whole dialogue with the server, secrets masked. */
export interface ConnectionTestView {
  readonly ok: boolean;
  readonly summary: Sentence;
  readonly dialogue: readonly { readonly from: 'us' | 'server'; readonly line: string }[];
  readonly milliseconds: number;
}

/** `admin/people`: agents or customers. */
export interface PeopleView {
  readonly kind: 'agents' | 'customers';
  readonly query: string;
  readonly people: readonly (PersonView & {
    readonly href: string;
    readonly role?: string | undefined;
    readonly organization?: string | undefined;
    readonly state: 'active' | 'invited' | 'disabled';
    readonly lastSeenAt?: Timestamp | undefined;
  })[];
  readonly paging: PagingView;
}

/** `admin/organizations` */
export interface OrganizationListView {
  readonly query: string;
  readonly organizations: readonly {
    readonly id: string;
    readonly name: string;
    readonly domains: readonly string[];
    readonly people: number;
    readonly href: string;
  }[];
  readonly paging: PagingView;
}

/** `admin/roles` */
export interface RoleListView {
  readonly roles: readonly {
    readonly key: string;
    readonly name: string;
    readonly description?: string | undefined;
    readonly people: number;
    readonly builtIn: boolean;
    readonly href: string;
  }[];
}

/** `admin/role`: permissions grouped by area; the fields are named `permission`. */
export interface RoleFormView {
  readonly key?: string | undefined;
  /** The name in the reader's language; absent for a new role. */
  readonly heading?: string | undefined;
  readonly name: string;
  readonly description: string;
  readonly builtIn: boolean;
  /** The administrator's role holds everything and is read-only. */
  readonly locked: boolean;
  readonly action: string;
  readonly groups: readonly {
    readonly title: Sentence;
    readonly pluginId?: string | undefined;
    readonly permissions: readonly {
      readonly key: string;
      readonly label: Sentence;
      readonly help?: Sentence | undefined;
      readonly granted: boolean;
    }[];
  }[];
  readonly errors?: FormErrorsView | undefined;
}

/** `admin/statuses` */
export interface StatusListView {
  readonly groups: readonly {
    readonly category: StatusCategory;
    readonly statuses: readonly {
      readonly key: string;
      readonly name: string;
      readonly customerName: string;
      readonly isDefault: boolean;
      readonly tickets?: number | undefined;
      readonly href: string;
      readonly upUrl?: string | undefined;
      readonly downUrl?: string | undefined;
    }[];
  }[];
}

/** `admin/tags` */
export interface TagListView {
  readonly query: string;
  readonly tags: readonly { readonly name: string; readonly tickets: number; readonly href: string }[];
  readonly paging: PagingView;
}

/** `admin/settings`: one page of settings; the form comes from its JSON Schema (`fieldsFromSchema`). */
export interface SettingsView {
  readonly pages: readonly LinkView[];
  readonly query: string;
  readonly title: Sentence;
  readonly intro?: Sentence | undefined;
  readonly action: string;
  readonly version?: number | undefined;
  readonly groups: readonly {
    readonly title?: Sentence | undefined;
    readonly help?: Sentence | undefined;
    readonly fields: readonly FieldView[];
  }[];
  readonly test?: { readonly action: string; readonly label: Sentence; readonly result?: ConnectionTestView | undefined } | undefined;
  /** For a search over all settings. */
  readonly hits?: readonly { readonly href: string; readonly label: Sentence; readonly page: Sentence }[] | undefined;
  readonly errors?: FormErrorsView | undefined;
}

/** `admin/invite`: an agent gets a link to choose a password. */
export interface InviteView {
  readonly values: { readonly name: string; readonly email: string };
  readonly roles: readonly OptionView[];
  readonly mailWorks: boolean;
  /** Without outgoing mail the link is shown to hand over. */
  readonly link?: string | undefined;
  readonly errors?: FormErrorsView | undefined;
}
