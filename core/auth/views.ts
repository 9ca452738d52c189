import type { FormErrorsView, OptionView, Sentence } from '../ui/types.ts';

/** `auth/sign-in` (desk and portal share it; the layout differs). */
export interface SignInView {
  readonly area: 'desk' | 'portal';
  readonly email: string;
  /** A local path to go on to. */
  readonly next: string;
  readonly linkByMail: boolean;
  readonly password: boolean;
  readonly mayRegister: boolean;
  /** Ways of plugins: single sign-on. */
  readonly others: readonly { readonly label: string; readonly href: string; readonly icon?: string | undefined }[];
  readonly errors?: FormErrorsView | undefined;
}

/** `auth/confirm`: the password once more, before something that an open browser alone must not do. */
export interface ConfirmView {
  readonly next: string;
  readonly email: string;
  readonly hasPassword: boolean;
  readonly linkByMail: boolean;
  readonly errors?: FormErrorsView | undefined;
}

/** `auth/link-sent`: the same words whether or not the address is known. */
export interface LinkSentView {
  readonly email: string;
  readonly purpose: 'sign-in' | 'reset' | 'verify';
  readonly minutes: number;
}

/** `auth/link`: a scanner's GET consumes nothing; the button posts the token. */
export interface LinkLandingView {
  readonly token: string;
  readonly purpose: 'sign-in' | 'verify' | 'ticket' | 'invite';
  readonly action: string;
  readonly email?: string | undefined;
  readonly state: 'ready' | 'used' | 'expired';
}

/** `auth/reset-request` */
export interface ResetRequestView {
  readonly email: string;
  /** Without outgoing mail the page says whom to ask. */
  readonly mailWorks: boolean;
  readonly errors?: FormErrorsView | undefined;
}

/** `auth/reset` (new password; also used for invitations). */
export interface ResetView {
  readonly token: string;
  readonly action: string;
  readonly email?: string | undefined;
  readonly minimumLength: number;
  readonly state: 'ready' | 'used' | 'expired';
  readonly errors?: FormErrorsView | undefined;
}

/** `auth/setup`: create the administrator; dead once one exists. */
export interface SetupView {
  readonly token: string;
  readonly state: 'ready' | 'done' | 'wrong-token';
  readonly values: { readonly siteName: string; readonly name: string; readonly email: string };
  readonly locales: readonly OptionView[];
  readonly timeZones: readonly OptionView[];
  readonly minimumLength: number;
  readonly errors?: FormErrorsView | undefined;
}

/** `auth/error`: 403, 404, 409, 422, 429, 500, 503 for every area. */
export interface ErrorPageView {
  readonly status: 403 | 404 | 409 | 422 | 429 | 500 | 503;
  readonly area: 'desk' | 'admin' | 'portal';
  /** What the error itself says to people, if anything. */
  readonly text?: Sentence | undefined;
  /** The same, already in the reader's language. */
  readonly message?: string | undefined;
  readonly requestId: string;
  readonly retryAfterSeconds?: number | undefined;
  readonly backUrl: string;
  /** A signed-out reader of a page that may exist: offers to sign in. */
  readonly signInUrl?: string | undefined;
}
