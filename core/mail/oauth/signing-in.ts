import { createHash, randomBytes } from 'node:crypto';
import type { Desk } from '../../desk.ts';
import { Forbidden, Invalid, NotFound } from '../../kernel/errors.ts';
import type { GuardedFetch } from '../../net/index.ts';
import { isAllowed, type Actor } from '../../users/index.ts';
import { findMailbox, saveMailbox } from '../mailboxes.ts';
import type { Mailbox } from '../types.ts';
import { storeTokens } from './accounts.ts';
import { findProvider, providerIds, type ProviderId, type ProviderServer } from './providers.ts';
import { codeChallenge, redeemCode } from './token-endpoint.ts';

const lastsMs = 10 * 60_000;

/** Whoever starts a sign-in and whoever comes back from the provider must be the same session. */
export interface Session {
  readonly id: number;
}

/** Where providers send the browser back to; it has to be entered there. */
export function redirectUri(desk: Desk): string {
  return new URL('/admin/mailboxes/signed-in', desk.config.url).href;
}

/** Where an administrator starts to sign a mailbox in at one provider. */
export interface SignInPage {
  readonly provider: ProviderId;
  readonly path: string;
  /** What the provider is reached by, where that is known. */
  readonly smtp: ProviderServer | undefined;
  readonly imap: ProviderServer | undefined;
}

/** The pages of the providers that are set up. */
export async function signInPages(desk: Desk, mailboxId: number): Promise<readonly SignInPage[]> {
  const offered = await Promise.all(providerIds.map((id) => findProvider(desk, id)));
  return offered.flatMap((provider) => {
    if (provider === undefined) return [];
    const { id, smtp, imap } = provider;
    return [{ provider: id, path: `/admin/mailboxes/${mailboxId}/sign-in/${id}`, smtp, imap }];
  });
}

/**
 * Starts a sign-in and returns the address to send the browser to (RFC 6749 section 4.1.1, with PKCE, RFC 7636).
 *
 * @throws Invalid `mail.provider-not-set-up`.
 */
export async function startSignIn(
  desk: Desk,
  actor: Actor,
  session: Session,
  { mailboxId, provider: id }: { readonly mailboxId: number; readonly provider: ProviderId },
): Promise<string> {
  if (!isAllowed(actor, 'settings.manage')) throw new Forbidden('auth.forbidden', { permission: 'settings.manage' });
  const mailbox = await findMailbox(desk.storage.read, mailboxId);
  if (mailbox === undefined) throw new NotFound('mailboxes.not-found', { id: mailboxId });
  const provider = await findProvider(desk, id);
  if (provider === undefined) throw new Invalid('mail.provider-not-set-up', { provider: id });
  const [state, verifier] = [randomBytes(32).toString('base64url'), randomBytes(48).toString('base64url')];
  const now = desk.clock.now();
  await desk.storage.writeTx(async (tx) => {
    await tx('mail_sign_ins')
      .where('created_at', '<', now - lastsMs)
      .delete();
    await tx('mail_sign_ins').insert({
      state_hash: hash(state),
      session_hash: hash(String(session.id)),
      mailbox_id: mailboxId,
      provider: id,
      verifier,
      created_at: now,
    });
  });
  const url = new URL(provider.authorizeUrl);
  const query = {
    response_type: 'code',
    client_id: provider.clientId,
    redirect_uri: redirectUri(desk),
    scope: provider.scopes.join(' '),
    state,
    code_challenge: codeChallenge(verifier),
    code_challenge_method: 'S256',
    login_hint: mailbox.address,
    ...provider.extra,
  };
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url.href;
}

/**
 * Ends a sign-in with the code that the browser brought back. Each state works once, in the session that started it.
 *
 * @throws Invalid `mail.sign-in-expired`, Unavailable `mail.sign-in-failed` with the provider's words.
 */
export async function finishSignIn(
  desk: Desk,
  fetch: GuardedFetch,
  actor: Actor,
  session: Session,
  { state, code }: { readonly state: string; readonly code: string },
): Promise<Mailbox> {
  if (!isAllowed(actor, 'settings.manage')) throw new Forbidden('auth.forbidden', { permission: 'settings.manage' });
  const started = await desk.storage.writeTx(async (tx) => {
    const row = await tx('mail_sign_ins')
      .where({ state_hash: hash(state), session_hash: hash(String(session.id)) })
      .where('created_at', '>=', desk.clock.now() - lastsMs)
      .first('mailbox_id', 'provider', 'verifier');
    if (row !== undefined)
      await tx('mail_sign_ins')
        .where({ state_hash: hash(state) })
        .delete();
    return row as { mailbox_id: number; provider: ProviderId; verifier: string } | undefined;
  });
  const mailbox = started === undefined ? undefined : await findMailbox(desk.storage.read, started.mailbox_id);
  const provider = started === undefined ? undefined : await findProvider(desk, started.provider);
  if (started === undefined || mailbox === undefined || provider === undefined) throw new Invalid('mail.sign-in-expired');
  const tokens = await redeemCode(fetch, provider, { code, verifier: started.verifier, redirectUri: redirectUri(desk) });
  const account = { mailboxId: mailbox.id, provider: provider.id, account: mailbox.transport?.user ?? mailbox.address };
  await desk.storage.writeTx(async (tx) => {
    await storeTokens(desk, tx, account, tokens);
    await desk.events.record(tx, 'mailbox.changed', { actor, payload: { mailboxId: mailbox.id } });
  });
  if (mailbox.transport !== null || provider.smtp === undefined) return mailbox;
  // What the provider is reached by is known; nobody should have to look it up.
  const { name, address } = mailbox;
  return saveMailbox(desk, actor, { name, address, transport: { ...provider.smtp, user: address } }, mailbox.id);
}

function hash(value: string): string {
  return createHash('sha256').update(value).digest('hex');
}
