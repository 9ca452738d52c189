import type { Timestamp } from '../kernel/clock.ts';
import type { Translator } from '../i18n/index.ts';

/*
 * The shapes that templates of every feature share. A view model is plain data: a presenter
 * copies what a page shows into it, and templates never see a live object. Times are numbers
 * (milliseconds, UTC); the helpers `time` and `relative` print them for the reader.
 */

export type ColorScheme = 'system' | 'light' | 'dark';
export type Direction = 'ltr' | 'rtl';
export type SentenceParams = Readonly<Record<string, string | number>>;

/** A sentence of the catalog, chosen by a presenter and printed by `{{t sentence}}` or, with names in `<bdi>`, by `{{rich sentence}}`. */
export interface Sentence {
  readonly key: string;
  readonly params?: SentenceParams | undefined;
  /** Printed as it is instead, for what has no text in any catalog. */
  readonly text?: string | undefined;
}

/** Everything helpers need to know about the request; always at `@root.request`. */
export interface RequestView {
  readonly locale: string;
  readonly timeZone: string;
  readonly dir: Direction;
  readonly colorScheme: ColorScheme;
  /** The path without query, such as `/desk/inbox/mine`. */
  readonly path: string;
  /** The query as parsed, for links that change one parameter. */
  readonly query: Readonly<Record<string, string>>;
  readonly now: Timestamp;
  /** True when htmx asked for a part of the page. */
  readonly partial: boolean;
  readonly user?: SignedInView | undefined;
  /** Keys of the permissions the actor holds; `{{#if (can "tickets.reply")}}`. */
  readonly permissions: ReadonlySet<string>;
  readonly site: SiteView;
  readonly flash: readonly FlashView[];
  readonly translator: Translator;
  /** Rendered slot content by slot name, filled before rendering starts. */
  readonly slots?: Readonly<Record<string, readonly SlotContent[]>> | undefined;
}

export interface SignedInView extends PersonView {
  readonly email: string;
  readonly role: 'admin' | 'agent' | 'customer';
  readonly unreadNotifications: number;
  readonly singleKeyShortcuts: boolean;
  readonly undoSeconds: number;
}

export interface SiteView {
  readonly name: string;
  /** Languages the site offers, in their own words: `Türkçe`. */
  readonly locales: readonly OptionView[];
  /** Shown to administrators: the desk runs over plain http, mail is not set up, safe mode. */
  readonly warnings: readonly Sentence[];
}

/** What one plugin put into a slot; `html` was rendered by its own template. */
export interface SlotContent {
  readonly pluginId: string;
  readonly html: string;
  /** In a slot with one place for each thing of a list: the HTML by the id of the thing. */
  readonly items?: Readonly<Record<string, string>> | undefined;
  /** Set when the loader was late: the browser fetches this address instead. */
  readonly lazyUrl?: string | undefined;
}

/** The answer to what somebody just did; shown once. */
export interface FlashView {
  readonly kind: 'done' | 'problem';
  readonly text: Sentence;
  /** A form that takes it back, such as undo of a send. `url` is posted to. */
  readonly undo?: { readonly url: string; readonly until?: Timestamp | undefined } | undefined;
}

export interface PersonView {
  readonly id: string;
  readonly name: string;
  readonly email?: string | undefined;
  /** 1 to 6, stable per person: the tint behind the initials. */
  readonly tone?: number | undefined;
  readonly avatarUrl?: string | undefined;
}

export interface OptionView {
  readonly value: string;
  readonly label: string;
  readonly selected?: boolean | undefined;
}

export interface LinkView {
  readonly href: string;
  readonly label: Sentence;
  readonly icon?: string | undefined;
  readonly current?: boolean | undefined;
  readonly count?: number | undefined;
}

/** A form field and what was typed into it; printed by the partial `ui/field`. */
export interface FieldView {
  readonly name: string;
  readonly type:
    | 'text'
    | 'email'
    | 'password'
    | 'url'
    | 'number'
    | 'search'
    | 'tel'
    | 'date'
    | 'datetime-local'
    | 'textarea'
    | 'checkbox'
    | 'select'
    | 'list'
    | 'secret';
  readonly label: Sentence;
  readonly help?: Sentence | undefined;
  readonly value?: string | number | boolean | readonly string[] | undefined;
  readonly options?: readonly OptionView[] | undefined;
  readonly required?: boolean | undefined;
  readonly autocomplete?: string | undefined;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  readonly rows?: number | undefined;
  readonly unit?: Sentence | undefined;
  /** For `secret`: a value is stored; it is never sent to the browser. */
  readonly stored?: boolean | undefined;
  readonly disabled?: boolean | undefined;
  /** `name=value`: shown only while that field has that value. */
  readonly showIf?: string | undefined;
  readonly error?: Sentence | undefined;
}

/** What went wrong with a form: shown on top with links to the fields, and beside each field. */
export interface FormErrorsView {
  readonly list: readonly { readonly field?: string | undefined; readonly text: Sentence }[];
  readonly byField: Readonly<Record<string, Sentence>>;
  /** Where a person whose sign-in is not fresh confirms who they are, in another tab, so that what was typed stays. */
  readonly confirmUrl?: string | undefined;
}

/** Keyset paging; a missing address hides that link. */
export interface PagingView {
  readonly newerUrl?: string | undefined;
  readonly olderUrl?: string | undefined;
}

export interface AttachmentView {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly url: string;
  readonly kind: 'image' | 'document' | 'archive' | 'audio' | 'video' | 'other';
  /** False while the desk refuses to show it inline or a scanner held it back. */
  readonly safe: boolean;
  readonly previewUrl?: string | undefined;
}

/** What every layout gets besides the rendered page as `body` (a SafeString). */
export interface LayoutView {
  readonly title: string;
  readonly request: RequestView;
}

/** Layout `ui/layouts/desk`. */
export interface DeskLayoutView extends LayoutView {
  /** Which place of the rail is current. */
  readonly place: 'inbox' | 'search' | 'customers' | 'notifications' | 'profile' | 'plugin';
  /** Places that plugins add to the rail. */
  readonly places: readonly LinkView[];
  readonly views?: ViewsNavView | undefined;
  /** The page fills the frame and scrolls inside (inbox, ticket) instead of being one column. */
  readonly framed: boolean;
  /** The newest event that the page shows; the live stream begins after it. */
  readonly since?: number | undefined;
}

/** Layout `ui/layouts/admin`. */
export interface AdminLayoutView extends LayoutView {
  readonly groups: readonly { readonly title: Sentence; readonly links: readonly LinkView[] }[];
  /** Pages that plugins add. */
  readonly pluginLinks?: readonly LinkView[] | undefined;
}

/** Layout `ui/layouts/portal`, and the themes' `layouts/portal`. */
export interface PortalLayoutView extends LayoutView {
  /** Places that plugins add to the head: articles, status page. */
  readonly links: readonly LinkView[];
  readonly footerLinks: readonly LinkView[];
  readonly current?: 'home' | 'tickets' | 'contact' | 'sign-in' | 'plugin' | undefined;
  readonly canonicalUrl?: string | undefined;
  readonly theme: { readonly id: string; readonly stylesheets: readonly string[]; readonly options: Readonly<Record<string, string>> };
}

/** The sidebar of views, also the drawer on small screens; re-fetched on `view:counts`. */
export interface ViewsNavView {
  readonly builtIn: readonly ViewLinkView[];
  readonly mailboxes: readonly ViewLinkView[];
  readonly saved: readonly ViewLinkView[];
}

export interface ViewLinkView {
  /** The part of the address: `/desk/inbox/<key>`. */
  readonly key: string;
  /** Built-in views say a sentence, the others carry the name people gave them. */
  readonly label?: Sentence | undefined;
  readonly name?: string | undefined;
  readonly icon: string;
  readonly current: boolean;
  /** Only where a count drives work; 100 and more print as 99+. */
  readonly count?: number | undefined;
  readonly shared?: boolean | undefined;
}

export type StatusCategory = 'open' | 'waiting' | 'solved' | 'closed';

export interface StatusView {
  readonly key: string;
  readonly name: string;
  readonly category: StatusCategory;
  readonly selected?: boolean | undefined;
}
