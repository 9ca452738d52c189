import { Invalid, type Form } from '@helpdesk/core/plugin';
import type { DialogueLine, ImapServer } from './imap-connection.ts';
import { imapSecret, type Receiver } from './receivers-repository.ts';
import type { InboxContext } from './settings.ts';

/** What a connection test shows. */
export interface TestView {
  readonly ok: boolean;
  readonly summary: { readonly key: string; readonly params: Readonly<Record<string, string | number>> };
  readonly dialogue: readonly DialogueLine[];
}

/** The fields of the receiving part of a mailbox, with what was typed or is stored. */
export function fieldsOf(t: (key: string) => string, receiver: Receiver | undefined, form: Form | undefined): readonly object[] {
  const value = (name: string, stored: string | number | undefined): string | number =>
    form === undefined ? (stored ?? '') : form.text(name);
  const isOn = (name: string, stored: boolean): boolean => (form === undefined ? stored : form.isChecked(name));
  const label = (name: string) => ({ key: `email-inbox.field.${name}` });
  const select = (name: string, options: readonly string[], stored: string) => ({
    name,
    type: 'select',
    label: label(name),
    options: options.map((option) => ({
      value: option,
      label: t(`email-inbox.field.${name}.${option}`),
      selected: value(name, stored) === option,
    })),
  });
  return [
    { name: 'host', type: 'text', label: label('host'), value: value('host', receiver?.host), required: true, autocomplete: 'off' },
    {
      name: 'port',
      type: 'number',
      label: label('port'),
      value: value('port', receiver?.port ?? 993),
      required: true,
      min: 1,
      max: 65_535,
    },
    select('encryption', ['tls', 'starttls', 'auto'], receiver?.encryption ?? 'tls'),
    { name: 'user', type: 'text', label: label('user'), value: value('user', receiver?.user ?? ''), autocomplete: 'off' },
    { name: 'password', type: 'secret', label: label('password'), stored: receiver !== undefined },
    { name: 'folder', type: 'text', label: label('folder'), value: value('folder', receiver?.folder ?? 'INBOX') },
    select('acknowledgesWith', ['seen', 'keep'], receiver?.acknowledgesWith ?? 'seen'),
    {
      name: 'authservIds',
      type: 'text',
      label: label('authservIds'),
      help: { key: 'email-inbox.field.authservIds.help' },
      value: value('authservIds', receiver?.authservIds.join(', ')),
    },
    {
      name: 'signsAddresses',
      type: 'checkbox',
      label: label('signsAddresses'),
      help: { key: 'email-inbox.field.signsAddresses.help' },
      value: isOn('signsAddresses', receiver?.signsAddresses ?? false),
    },
    { name: 'tagsSubjects', type: 'checkbox', label: label('tagsSubjects'), value: isOn('tagsSubjects', receiver?.tagsSubjects ?? false) },
    { name: 'active', type: 'checkbox', label: label('active'), value: isOn('active', receiver?.state !== 'paused') },
  ];
}

/**
 * The server a form names; an empty password is the stored one, but only for the stored server and account: a
 * form must not carry it to another host.
 *
 * @throws Invalid `email-inbox.form-invalid`.
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
  return { host, port, encryption, user, password, isOperators: isSame && receiver.isOperators };
}
