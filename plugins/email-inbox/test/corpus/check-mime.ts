import type { MailAddress } from '../../addresses.ts';
import type { ParsedMail } from '../../parsed-mail.ts';
import { parseMail } from '../../parsing.ts';
import { isStorable } from './storable.ts';
import { checkKeys, differs, fold, shorten, type FolderCheck, type KeyChecks } from './corpus.ts';

interface ExpectedAddress {
  readonly name?: string;
  readonly address: string;
}
interface ExpectedFile {
  readonly filename?: string;
  readonly sha256?: string;
  readonly size?: number;
  readonly mime?: string;
  readonly cid?: string;
}

export const checkMime: FolderCheck = async (item, raw) => {
  const started = performance.now();
  const mail = await parseMail(raw);
  const milliseconds = performance.now() - started;
  return { complaints: await checkKeys(item, mail, checks), milliseconds };
};

const contains = (part: string, whole: string | undefined): string | undefined =>
  fold(whole).includes(fold(part)) ? undefined : `${shorten(part)} is not in ${shorten(whole)}`;
const all = (parts: readonly string[], whole: string | undefined): string | undefined =>
  parts.map((part) => contains(part, whole)).find(Boolean);

const checks: KeyChecks<ParsedMail> = {
  subject: (expected: string, mail) => differs(expected, mail.subject),
  from: (expected: ExpectedAddress[], mail) => sameAddresses(expected, mail.from),
  to: (expected: ExpectedAddress[], mail) => sameAddresses(expected, mail.to),
  cc: (expected: ExpectedAddress[], mail) => sameAddresses(expected, mail.cc),
  message_id: (expected: string, mail) => differs(expected, mail.messageId),
  in_reply_to: (expected: string, mail) => differs(expected, mail.inReplyTo[0]),
  references: (expected: string[], mail) => differs(expected, mail.references),
  date_utc: (expected: string, mail) => differs(expected, mail.date?.toISOString().slice(0, 19).replace('T', ' ')),
  text: (expected: string, mail) =>
    fold(expected) === fold(mail.text) ? undefined : `expected ${shorten(expected)}, got ${shorten(mail.text)}`,
  html: (expected: string, mail) =>
    fold(expected) === fold(mail.html) ? undefined : `expected ${shorten(expected)}, got ${shorten(mail.html)}`,
  text_contains: (expected: string[], mail) => all(expected, mail.text),
  html_contains: (expected: string[], mail) => all(expected, mail.html),
  html_not_contains: (expected: string[], mail) =>
    expected.some((part) => part !== '' && (mail.html ?? '').includes(part)) ? 'holds what it must not' : undefined,
  has_html: (expected: boolean, mail) => differs(expected, mail.html !== undefined),
  attachment_count: (expected: number, mail) => differs(expected, mail.attachments.length),
  attachments: (expected: ExpectedFile[], mail) => missingFiles(expected, mail),
  tnef: (expected: { attachments: string[] | null; body_parts: string[] | null }, mail) => {
    const found = mail.tnef;
    // Nothing is claimed of what is in it, only that it is looked for.
    if (expected.attachments === null) return found === undefined ? 'no winmail.dat was found' : undefined;
    const bodies = [
      found?.html === undefined ? [] : ['message.html'],
      found?.rtf === undefined ? [] : ['message.rtf'],
      found?.text === undefined ? [] : ['message.txt'],
    ].flat();
    return differs(expected.attachments, found?.files.map(({ filename }) => filename).toSorted()) ?? differs(expected.body_parts, bodies);
  },
  no_crash: (_expected: boolean, mail) => (isStorable(mail) ? undefined : 'text is not valid UTF-8'),
};

function sameAddresses(expected: readonly ExpectedAddress[], actual: readonly MailAddress[]): string | undefined {
  const wanted = expected.map(({ name, address }) => (name === undefined ? { address } : { name, address }));
  const got = actual.map(({ name, address }, index) => (expected[index]?.name === undefined ? { address } : { name, address }));
  return differs(wanted, got);
}

function missingFiles(expected: readonly ExpectedFile[], mail: ParsedMail): string | undefined {
  const missing = expected.find((file) => {
    return !mail.attachments.some(
      (found) =>
        (file.filename === undefined || file.filename === found.filename) &&
        (file.sha256 === undefined || file.sha256 === found.sha256) &&
        (file.size === undefined || file.size === found.size) &&
        (file.mime === undefined || file.mime === found.contentType) &&
        (file.cid === undefined || file.cid === found.contentId),
    );
  });
  if (!missing) return undefined;
  return `${JSON.stringify(missing)} is not among ${JSON.stringify(mail.attachments.map(({ filename, sha256, size, contentId }) => ({ filename, sha256: sha256.slice(0, 8), size, contentId })))}`;
}
