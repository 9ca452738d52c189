import type { Form } from '../http/body.ts';
import type { Translator } from '../i18n/index.ts';
import { listPlaceholders } from '../kernel/placeholders.ts';
import { mailPlaceholders, type Mailbox, type MailboxInput, type Transport } from '../mail/index.ts';
import type { FieldView } from '../ui/types.ts';

type Text = (name: string, fallback: string) => string;

/** What was typed stays when a form is shown again. */
function typedIn(form: Form | undefined): Text {
  return (name, fallback) => form?.text(name) ?? fallback;
}

/** Whose mail it is: name, addresses, signature. */
export function addressFields(mailbox: Mailbox | undefined, form: Form | undefined): readonly FieldView[] {
  const text = typedIn(form);
  return [
    { name: 'name', type: 'text', label: { key: 'admin.mailbox.name' }, value: text('name', mailbox?.name ?? ''), required: true },
    {
      name: 'address',
      type: 'email',
      label: { key: 'admin.mailbox.address' },
      value: text('address', mailbox?.address ?? ''),
      required: true,
      autocomplete: 'off',
    },
    {
      name: 'aliases',
      type: 'textarea',
      rows: 3,
      label: { key: 'admin.mailbox.aliases' },
      help: { key: 'admin.mailbox.aliases.help' },
      value: text('aliases', mailbox?.aliases.join('\n') ?? ''),
      autocomplete: 'off',
    },
    {
      name: 'signature',
      type: 'textarea',
      rows: 4,
      label: { key: 'admin.mailbox.signature' },
      help: { key: 'admin.mailbox.signature.help', params: { placeholders: listPlaceholders(mailPlaceholders) } },
      value: text('signature', mailbox?.signature ?? ''),
    },
  ];
}

export interface SendingFacts {
  readonly translator: Translator;
  /** Somebody puts copies of sent mail into the mailbox's folder. */
  readonly keepsCopies: boolean;
  /** A password is stored. */
  readonly hasPassword: boolean;
}

/** The server that the mailbox sends through. */
export function sendingFields(
  mailbox: Mailbox | undefined,
  form: Form | undefined,
  { translator, keepsCopies, hasPassword }: SendingFacts,
): readonly FieldView[] {
  const text = typedIn(form);
  const transport = mailbox?.transport;
  const encryption = text('encryption', transport?.encryption ?? 'tls');
  return [
    { name: 'host', type: 'text', label: { key: 'admin.mailbox.host' }, value: text('host', transport?.host ?? ''), autocomplete: 'off' },
    {
      name: 'port',
      type: 'number',
      label: { key: 'admin.mailbox.port' },
      value: text('port', String(transport?.port ?? 465)),
      min: 1,
      max: 65_535,
    },
    {
      name: 'encryption',
      type: 'select',
      label: { key: 'admin.mailbox.security' },
      options: encryptions.map((value) => ({
        value,
        label: translator.t(`admin.mailbox.security.${value}`),
        selected: value === encryption,
      })),
    },
    { name: 'user', type: 'text', label: { key: 'admin.mailbox.user' }, value: text('user', transport?.user ?? ''), autocomplete: 'off' },
    {
      name: 'password',
      type: 'secret',
      label: { key: 'admin.mailbox.password' },
      // What was typed is not sent back to the browser.
      ...(form?.optional('password') !== undefined && { help: { key: 'ui.secret-again' } }),
      stored: hasPassword,
    },
    ...(keepsCopies ? [sentCopyField(translator, text('sentCopy', mailbox?.sentCopy ?? 'auto'))] : []),
    {
      name: 'perMinute',
      type: 'number',
      label: { key: 'admin.mailbox.per-minute' },
      help: { key: 'admin.mailbox.per-minute.help' },
      value: text('perMinute', String(mailbox?.perMinute ?? '')),
      min: 1,
      max: 10_000,
    },
  ];
}

const encryptions = ['tls', 'starttls', 'auto'] as const;
const sentCopies = ['auto', 'always', 'never'] as const;

function sentCopyField(translator: Translator, chosen: string): FieldView {
  return {
    name: 'sentCopy',
    type: 'select',
    label: { key: 'admin.mailbox.sent-copy' },
    options: sentCopies.map((value) => ({
      value,
      label: translator.t(`admin.mailbox.sent-copy.${value}`),
      selected: value === chosen,
    })),
  };
}

/** The server a form names; null where it names none. */
export function transportOf(form: Form, mailbox: Mailbox | undefined): Transport | null {
  const host = form.text('host').trim();
  if (host === '') return null;
  const encryption = encryptions.find((one) => one === form.text('encryption')) ?? 'tls';
  const user = form.optional('user');
  // A private host stays allowed only where the operator set it and nobody changed it here.
  const isOperators = mailbox?.transport?.isOperators === true && mailbox.transport.host === host;
  return {
    host,
    port: Number(form.text('port')) || 465,
    encryption,
    ...(user === undefined ? {} : { user }),
    ...(isOperators ? { isOperators } : {}),
  };
}

/** The mailbox a form describes. */
export function readMailbox(form: Form, mailbox: Mailbox | undefined, { keepsCopies }: Pick<SendingFacts, 'keepsCopies'>): MailboxInput {
  return {
    name: form.text('name'),
    address: form.text('address'),
    ...(form.has('aliases')
      ? {
          aliases: form
            .text('aliases')
            .split(/[\s,;]+/)
            .filter((one) => one !== ''),
        }
      : {}),
    signature: form.text('signature'),
    transport: transportOf(form, mailbox),
    ...(keepsCopies ? { sentCopy: sentCopies.find((one) => one === form.text('sentCopy')) ?? 'auto' } : {}),
    perMinute: Number(form.text('perMinute')) || null,
    smtpPassword: form.optional('password'),
    version: mailbox?.version,
  };
}
