import type Koa from 'koa';
import type { Session } from '../auth/index.ts';
import { Unauthenticated } from '../kernel/errors.ts';
import type { PreviewedLook } from '../theming.ts';
import type { Translator } from '../i18n/index.ts';
import type { User, UserActor } from '../users/index.ts';

/** What the middlewares found out about a request; routes read it from `ctx.state`. */
export interface RequestState {
  requestId: string;
  /** Where state changes may come from and whether cookies are `Secure`. */
  isSecure: boolean;
  locale: string;
  timeZone: string;
  translator: Translator;
  user?: User;
  actor?: UserActor;
  session?: Session;
  /** The newest event before anything was read for a signed-in person's request. */
  newestEventId?: number;
  /** Set while somebody tries a look out; only they see it. */
  preview?: PreviewedLook & { readonly parameter: string; readonly scheme: 'light' | 'dark' | undefined };
  /** Plugins that this request leaves out. */
  skip?: ReadonlySet<string> | 'all';
}

export type Context = Koa.ParameterizedContext<RequestState> & { readonly params: Readonly<Record<string, string>> };
export type Next = () => Promise<unknown>;
export type Middleware = (ctx: Context, next: Next) => Promise<unknown>;

/** The signed-in person. @throws Unauthenticated `auth.sign-in-needed`. */
export function signedIn(ctx: Context): { user: User; actor: UserActor; session: Session | undefined } {
  const { user, actor, session } = ctx.state;
  if (user === undefined || actor === undefined) throw new Unauthenticated('auth.sign-in-needed');
  return { user, actor, session };
}
