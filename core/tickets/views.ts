import type { Timestamp } from '../kernel/clock.ts';
import type { PresenceView, Priority, TicketListView, TicketRowView } from './list-views.ts';
import type { AttachmentView, FormErrorsView, OptionView, PersonView, Sentence, StatusView } from '../ui/types.ts';

/*
 * What the desk's ticket pages show. Addresses are built by the templates from view keys,
 * ticket numbers and message ids; `can` says which controls to show, the server decides again.
 */

export type Place = 'inbox' | 'spam' | 'trash';

/** `tickets/ticket` */
export interface TicketPageView {
  readonly list?: TicketListView | undefined;
  /** Where "back" leads: the list the agent came from. */
  readonly backUrl: string;
  readonly previousUrl?: string | undefined;
  readonly nextUrl?: string | undefined;
  readonly ticket: TicketHeadView;
  readonly timeline: readonly TimelineItemView[];
  /** Older parts of a very long ticket, loaded on demand. */
  readonly earlierUrl?: string | undefined;
  readonly presence: readonly PresenceView[];
  readonly composer?: ComposerView | undefined;
  /** Why there is no composer: trashed, no right, no outgoing mail. */
  readonly composerNotice?: Sentence | undefined;
  readonly sidebar: TicketSidebarView;
}

/** `tickets/header`: re-rendered alone after a change. */
export interface TicketHeadView {
  readonly id: string;
  readonly number: number;
  readonly version: number;
  readonly subject: string;
  readonly place: Place;
  readonly channel: string;
  readonly mailbox?: { readonly id: string; readonly name: string } | undefined;
  /** Mailboxes the ticket can be moved to. */
  readonly mailboxes: readonly OptionView[];
  readonly requester: PersonView;
  readonly status: StatusView;
  readonly statuses: readonly StatusView[];
  readonly priority: Priority;
  readonly assignee?: PersonView | undefined;
  readonly agents: readonly OptionView[];
  readonly tags: readonly string[];
  readonly knownTags: readonly string[];
  readonly following: boolean;
  readonly followers: readonly PersonView[];
  readonly snoozedUntil?: Timestamp | undefined;
  /** Ready-made times: tomorrow morning, Monday; values are ISO instants. */
  readonly snoozeChoices: readonly { readonly label: Sentence; readonly value: string; readonly at: Timestamp }[];
  readonly mergedInto?: { readonly number: number; readonly subject: string } | undefined;
  readonly links: readonly TicketLinkView[];
  readonly createdAt: Timestamp;
  readonly updatedAt: Timestamp;
  /** Assignee and tags set by the optimistic version check: somebody changed the same field. */
  readonly conflict?: Sentence | undefined;
  readonly can: TicketRightsView;
}

export interface TicketRightsView {
  readonly reply: boolean;
  readonly note: boolean;
  readonly assign: boolean;
  readonly status: boolean;
  readonly tag: boolean;
  readonly edit: boolean;
  readonly snooze: boolean;
  readonly merge: boolean;
  readonly link: boolean;
  readonly spam: boolean;
  readonly trash: boolean;
}

export interface TicketLinkView {
  readonly id: string;
  readonly kind: Sentence;
  readonly number: number;
  readonly subject: string;
  readonly status: StatusView;
}

/** Oldest first. `kind` decides the partial. */
export type TimelineItemView = MessageView | EventView;

export type DeliveryState = 'held' | 'queued' | 'sending' | 'sent' | 'failed' | 'uncertain';

/** `tickets/message`: a message or a note; re-rendered alone when its delivery state changes. */
export interface MessageView {
  readonly kind: 'message' | 'note';
  readonly isMessage: true;
  readonly id: string;
  readonly direction: 'in' | 'out';
  readonly author: PersonView;
  /** "to Jonas Meyer", "copy to …": names or addresses, shown when the head is opened. */
  readonly to: readonly PersonView[];
  readonly cc: readonly PersonView[];
  readonly fromAddress?: string | undefined;
  readonly channel: string;
  readonly at: Timestamp;
  readonly unread: boolean;
  /** Folded to one line with `preview`; opening is a `<details>`. */
  readonly folded: boolean;
  readonly preview: string;
  readonly body: MessageBodyView;
  readonly attachments: readonly AttachmentView[];
  readonly delivery?: DeliveryView | undefined;
  /** Machines are told apart: auto-reply, rule, import. */
  readonly automatic?: Sentence | undefined;
  /** What whoever filed it noticed and has a text for, such as a sender who could not be proven. */
  readonly warnings: readonly Sentence[];
  readonly deleted: boolean;
}

/** Text is themed by us; HTML that is more than simple lives in a sandboxed frame. */
export interface MessageBodyView {
  readonly kind: 'html' | 'frame';
  /** For `html`: the mail sanitized and without styles, or its plain text with links; each quote folded in its place. A SafeString. */
  readonly html?: unknown;
  /** For `frame`: address of `/desk/messages/:id/body`. */
  readonly frameUrl?: string | undefined;
  /** How many images come from outside. */
  readonly remoteImages?: number | undefined;
  /** They are hidden: the link shows them once, the form always for this sender. */
  readonly hiddenImages?: { readonly onceUrl: string; readonly alwaysUrl?: string | undefined } | undefined;
  /** They are shown because somebody said so for this sender; the form takes that back. */
  readonly shownImages?: { readonly url: string; readonly scope: 'me' | 'desk' } | undefined;
  readonly lang?: string | undefined;
}

export interface DeliveryView {
  readonly state: DeliveryState;
  readonly at?: Timestamp | undefined;
  /** For `held`: until when undo is possible. */
  readonly heldUntil?: Timestamp | undefined;
  readonly attempts: number;
  readonly nextAttemptAt?: Timestamp | undefined;
  /** The server's words, in its language. */
  readonly error?: string | undefined;
  /** The recipients it did not reach, or not yet. */
  readonly recipients: readonly { readonly text: Sentence; readonly reason?: string | undefined }[];
}

/** `tickets/event`: one muted line; neighbours of one person are joined by the presenter. */
export interface EventView {
  readonly kind: 'event';
  readonly isMessage: false;
  readonly id: string;
  readonly icon: string;
  readonly actor?: PersonView | undefined;
  /** Whole sentences with the actor as `{actor}`. */
  readonly lines: readonly Sentence[];
  readonly at: Timestamp;
}

/** `tickets/composer`: reply and note are two forms, told apart by color, label and button. */
export interface ComposerView {
  readonly number: number;
  readonly mode: 'reply' | 'note';
  readonly open: boolean;
  /** What the agent had seen; the server refuses to send when something newer exists. */
  readonly lastSeenMessageId: string;
  readonly customerName: string;
  readonly from?: { readonly name: string; readonly address: string } | undefined;
  readonly to: readonly RecipientView[];
  readonly cc: readonly RecipientView[];
  /** Warnings about recipients that mail does not reach. */
  readonly doubtful: readonly Sentence[];
  readonly signature?: string | undefined;
  /** The reply carries earlier messages unless this is turned off; absent where it carries none anyway. */
  readonly quoting?: { readonly isOff: boolean } | undefined;
  readonly reply: ComposerPartView;
  readonly note: ComposerPartView;
  /** Whom a note can mention. */
  readonly colleagues: readonly { readonly id: string; readonly name: string }[];
  /** Statuses the split button offers: send and solve, send and wait. */
  readonly sendAnd: readonly StatusView[];
  readonly can: { readonly reply: boolean; readonly note: boolean };
  readonly conflict?: CollisionView | undefined;
  readonly errors?: FormErrorsView | undefined;
}

/** One draft per agent, ticket and mode. */
export interface ComposerPartView {
  /** Makes a second click or a slow network harmless. */
  readonly idempotencyKey: string;
  readonly body: string;
  /** `html` when the editor wrote it (sanitized by the server), `text` for plain lines. */
  readonly format: 'text' | 'html';
  readonly attachments: readonly AttachmentView[];
  readonly draft?: DraftView | undefined;
}

export interface DraftView {
  readonly savedAt: Timestamp;
  /** Somebody else's draft: its text is not shown, only that there is one. */
  readonly by?: PersonView | undefined;
}

export interface RecipientView {
  readonly name?: string | undefined;
  readonly address: string;
  readonly firstTime?: boolean | undefined;
}

/** Nothing was sent: a newer message arrived while the agent wrote. */
export interface CollisionView {
  readonly newer: readonly MessageView[];
  /** Sent with the form when the agent decides to send anyway. */
  readonly newestMessageId: string;
}

/** `tickets/sidebar`; the slot `ticket.sidebar` follows the properties. */
export interface TicketSidebarView {
  readonly customer: CustomerCardView;
  readonly earlier: readonly { readonly number: number; readonly subject: string; readonly status: StatusView; readonly at: Timestamp }[];
  readonly earlierUrl?: string | undefined;
}

export interface CustomerCardView extends PersonView {
  readonly href: string;
  readonly otherEmails: readonly string[];
  readonly phone?: string | undefined;
  readonly organization?: { readonly name: string; readonly href: string } | undefined;
  readonly localTime?: { readonly at: Timestamp; readonly timeZone: string } | undefined;
  readonly language?: string | undefined;
  readonly since: Timestamp;
  readonly note?: string | undefined;
}

/** `tickets/new` */
export interface NewTicketView {
  readonly values: {
    readonly requesterEmail: string;
    readonly requesterName: string;
    readonly cc: string;
    readonly subject: string;
    readonly html: string;
    readonly tags: string;
  };
  /** What `html` holds: markup of the editor, or plain lines. */
  readonly format: 'text' | 'html';
  readonly mailboxes: readonly OptionView[];
  readonly agents: readonly OptionView[];
  readonly statuses: readonly StatusView[];
  readonly priorities: readonly OptionView[];
  readonly idempotencyKey: string;
  /** The customer wrote by phone or in the shop: no mail leaves the desk. */
  readonly quiet: boolean;
  readonly attachments: readonly AttachmentView[];
  readonly errors?: FormErrorsView | undefined;
}

/** `tickets/merge`: choose the other ticket, then confirm what will happen. */
export interface MergeView {
  readonly ticket: { readonly number: number; readonly subject: string };
  readonly query: string;
  readonly candidates: readonly TicketRowView[];
  readonly target?:
    | { readonly number: number; readonly subject: string; readonly requester: PersonView; readonly otherRequester: boolean }
    | undefined;
  readonly errors?: FormErrorsView | undefined;
}
