import { Invalid, type Form } from '@helpdesk/core/plugin';
import type { DialogueLine, ImapServer } from './imap-connection.ts';
import { withSignIn } from './imap-server.ts';
import { imapSecret, type Receiver } from './receivers-repository.ts';
import type { InboxContext } from './settings.ts';

/** What a connection test shows. */
export interface TestView {
  readonly ok: boolean;
  readonly summary: { readonly key: string; readonly params: Readonly<Record<string, string | number>> };
  readonly dialogue: readonly DialogueLine[];
}

/** What happens to filed mail on the server. */
export const filedMail = ['seen', 'keep', 'move', 'delete'] as const;
type FiledMail = (typeof filedMail)[number];

/** One part of the form, with a sentence about it. */
export interface FormSection {
  readonly title: string;
  readonly text: string;
  readonly fields: readonly object[];
  /** The part whose end holds the button that tests the connection. */
  readonly isServer?: boolean;
}

export interface FormInput {
  readonly receiver: Receiver | undefined;
  /** What was typed, when it has to be shown again. */
  readonly form: Form | undefined;
  /** Folders the server named in a test. */
  readonly folders: readonly string[];
  /** The provider that the mailbox signed in at, with the server it is known to have: no password is needed then. */
  readonly signIn: SignIn | undefined;
}

export interface SignIn {
  readonly imap?: { readonly host: string; readonly port: number } | undefined;
}

/** The receiving part of a mailbox, with what was typed or is stored. */
export function sectionsOf(t: (key: string) => string, { receiver, form, folders, signIn }: FormInput): readonly FormSection[] {
  const value = (name: string, stored: string | number | undefined): string | number =>
    form === undefined ? (stored ?? '') : form.text(name);
  const help = (name: string) => ({ key: `email-inbox.field.${name}.help` });
  const label = (name: string) => ({ key: `email-inbox.field.${name}` });
  const text = (name: string, stored: string | undefined, more: object = {}) => ({
    name,
    type: 'text',
    label: label(name),
    value: value(name, stored),
    autocomplete: 'off',
    ...more,
  });
  const number = (name: string, stored: number, more: object) => ({
    name,
    type: 'number',
    label: label(name),
    value: value(name, stored),
    min: 1,
    ...more,
  });
  const check = (name: string, stored: boolean, more: object = {}) => ({
    name,
    type: 'checkbox',
    label: label(name),
    value: form === undefined ? stored : form.isChecked(name),
    ...more,
  });
  const choice = (name: string, options: readonly { readonly value: string; readonly label: string }[], stored: string) => ({
    name,
    type: 'select',
    label: label(name),
    options: options.map((option) => ({ ...option, selected: value(name, stored) === option.value })),
  });
  const named = (name: string, options: readonly string[]) =>
    options.map((option) => ({ value: option, label: t(`email-inbox.field.${name}.${option}`) }));
  const asIs = folders.map((folder) => ({ value: folder, label: folder }));
  const authservIds = receiver?.authservIds.join(', ') || (receiver?.seenAuthservId ?? '');
  return [
    {
      title: 'email-inbox.section.server',
      text: 'email-inbox.section.server.text',
      isServer: true,
      fields: [
        check('active', receiver?.state !== 'paused'),
        text('host', receiver?.host ?? signIn?.imap?.host, { required: true }),
        number('port', receiver?.port ?? signIn?.imap?.port ?? 993, { required: true, max: 65_535 }),
        choice('encryption', named('encryption', ['tls', 'starttls', 'auto']), receiver?.encryption ?? 'tls'),
        text('user', receiver?.user ?? ''),
        ...(signIn === undefined ? [{ name: 'password', type: 'secret', label: label('password'), stored: receiver !== undefined }] : []),
        folders.length === 0
          ? text('folder', receiver?.folder ?? 'INBOX', { help: help('folder') })
          : choice('folder', asIs, receiver?.folder ?? 'INBOX'),
      ],
    },
    {
      title: 'email-inbox.section.filed',
      text: 'email-inbox.section.filed.text',
      fields: [
        choice('filedMail', named('filedMail', filedMail), filedMailOf(receiver)),
        text('movesTo', receiver?.movesTo ?? '', { showIf: 'filedMail=move', help: help('movesTo') }),
        number('deletesAfterDays', receiver?.deletesAfterDays ?? 30, {
          showIf: 'filedMail=delete',
          max: 3650,
          help: help('deletesAfterDays'),
        }),
      ],
    },
    {
      title: 'email-inbox.section.trust',
      text: 'email-inbox.section.trust.text',
      fields: [
        text('authservIds', authservIds, { help: help('authservIds') }),
        check('trustsTopmost', receiver?.trustsTopmost ?? false, { help: help('trustsTopmost') }),
      ],
    },
    {
      title: 'email-inbox.section.answers',
      text: 'email-inbox.section.answers.text',
      fields: [
        check('signsAddresses', receiver?.signsAddresses ?? false, { help: help('signsAddresses') }),
        check('tagsSubjects', receiver?.tagsSubjects ?? false),
        check('marksBodies', receiver?.marksBodies ?? false, { help: help('marksBodies') }),
      ],
    },
  ];
}

function filedMailOf(receiver: Receiver | undefined): FiledMail {
  if (receiver?.movesTo != null) return 'move';
  return receiver?.deletesAfterDays == null ? (receiver?.acknowledgesWith ?? 'seen') : 'delete';
}

/**
 * The columns that a form fills beside the server; `known` is what is stored of the same account.
 *
 * @throws Invalid `email-inbox.folder-missing`, `email-inbox.days-invalid`, `email-inbox.plus-unproven`.
 */
export function readOptions(form: Form, known: Receiver | undefined): Readonly<Record<string, unknown>> {
  const chosen = filedMail.find((one) => one === form.text('filedMail')) ?? 'seen';
  const movesTo = chosen === 'move' ? form.text('movesTo').trim() : null;
  if (movesTo === '') throw new Invalid('email-inbox.folder-missing', { message: 'Name the folder that filed mail moves to.' });
  const days = chosen === 'delete' ? Number(form.text('deletesAfterDays')) : null;
  if (days !== null && (!Number.isInteger(days) || days < 1 || days > 3650))
    throw new Invalid('email-inbox.days-invalid', { message: 'Enter a number of days between 1 and 3650.' });
  const signsAddresses = form.isChecked('signsAddresses');
  // Many providers refuse addresses with a plus, and then every answer of a customer comes back.
  if (signsAddresses && known?.signsAddresses !== true && known?.plusProvenAt == null)
    throw new Invalid('email-inbox.plus-unproven', {
      message: 'Send a test mail to yourself first: it shows whether answers to signed addresses arrive.',
    });
  return {
    state: form.isChecked('active') ? 'active' : 'paused',
    acknowledges_with: chosen === 'keep' ? 'keep' : 'seen',
    moves_to: movesTo,
    deletes_after_days: days,
    trusts_topmost: form.isChecked('trustsTopmost'),
    signs_addresses: signsAddresses,
    tags_subjects: form.isChecked('tagsSubjects'),
    marks_bodies: form.isChecked('marksBodies'),
    authserv_ids: JSON.stringify(
      form
        .text('authservIds')
        .toLowerCase()
        .split(/[\s,]+/)
        .filter((id) => id !== ''),
    ),
  };
}

/**
 * The server a form names; an empty password is the stored one, but only for the stored server and account: a
 * form must not carry it to another host. Where the mailbox signed in at its provider, the token takes its place.
 *
 * @throws Invalid `email-inbox.form-invalid`, `mail.sign-in-elsewhere`, Unavailable `mail.sign-in-again`.
 */
export async function readServer(ctx: InboxContext, mailboxId: number, form: Form, receiver: Receiver | undefined): Promise<ImapServer> {
  const host = form.text('host').trim().toLowerCase();
  const port = Number(form.text('port'));
  if (!/^[a-z0-9.:-]{1,255}$/.test(host) || !Number.isInteger(port) || port < 1 || port > 65_535)
    throw new Invalid('email-inbox.form-invalid', { message: 'Enter the name and the port of the server.' });
  const encryption = (['starttls', 'auto'] as const).find((one) => one === form.text('encryption')) ?? 'tls';
  const user = form.optional('user') ?? null;
  const isSame = receiver !== undefined && receiver.host === host && receiver.port === port && receiver.user === user;
  const password = form.optional('password') ?? (isSame ? await ctx.secrets.get(imapSecret(mailboxId)) : undefined);
  return withSignIn(ctx, mailboxId, { host, port, encryption, user, password, isOperators: isSame && receiver.isOperators });
}
