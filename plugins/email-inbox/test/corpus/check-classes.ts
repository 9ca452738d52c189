import { classify, type Classification, type DeskIdentity, type MailKind } from '../../classifying.ts';
import { addressKey } from '../../addresses.ts';
import type { ParsedMail } from '../../parsed-mail.ts';
import { parseMail } from '../../parsing.ts';
import { threadCandidates } from '../../message-ids.ts';
import { checkKeys, differs, type FolderCheck, type KeyChecks } from './corpus.ts';

interface Subject {
  readonly mail: ParsedMail;
  readonly found: Classification;
}
interface ExpectedRecipient {
  readonly address: string;
  readonly permanent?: boolean;
  readonly status?: string;
  readonly action?: string;
}

/** The corpus writes its mails to this desk. */
const deskAddress = 'support@desk.example';

export const checkClasses: FolderCheck = async (item, raw) => {
  const started = performance.now();
  const mail = await parseMail(raw);
  const wanted = item.expect['threads_to'];
  const sent = (typeof wanted === 'string' ? wanted : '').replace(/[<>]/g, '');
  const desk: DeskIdentity = {
    isOurAddress: (address) => addressKey(address) === deskAddress,
    isOurMessageId: (id) => sent !== '' && id === sent,
    isOurLoopHeader: () => false,
  };
  const found = classify(mail, desk);
  const milliseconds = performance.now() - started;
  return { complaints: await checkKeys(item, { mail, found }, checks), milliseconds };
};

const names: Readonly<Partial<Record<MailKind, string>>> = { 'auto-reply': 'vacation', delivered: 'dsn-success', list: 'bulk' };
const isAutoReply = ({ found, mail }: Subject): boolean =>
  found.kind === 'auto-reply' ||
  found.kind === 'mdn' ||
  (found.kind === 'calendar' && /^(?:REPLY|COUNTER)$/.test(mail.calendarMethod ?? ''));
const opensTicket = (kind: MailKind): boolean => ['human', 'generated', 'list', 'noreply', 'calendar'].includes(kind);

const checks: KeyChecks<Subject> = {
  is_bounce: (expected: boolean, { found }) => differs(expected, found.kind === 'bounce'),
  is_delay_notice: (expected: boolean, { found }) => differs(expected, found.kind === 'delay'),
  is_delivery_success: (expected: boolean, { found }) => differs(expected, found.kind === 'delivered'),
  is_feedback_report: (expected: boolean, { found }) => differs(expected, found.kind === 'feedback'),
  is_auto_reply: (expected: boolean, subject) => differs(expected, isAutoReply(subject)),
  may_auto_reply: (expected: boolean, { found }) => differs(expected, found.mayAutoReply),
  kind: (expected: string, { found }) => differs(expected, names[found.kind] ?? found.kind),
  calendar_method: (expected: string, { mail }) => differs(expected, mail.calendarMethod),
  threads_to: (expected: string, { mail }) => {
    const ids = [
      ...threadCandidates(mail.inReplyTo, mail.references),
      ...mail.reports.flatMap(({ groups }) =>
        groups
          .flat()
          .filter(({ name }) => name === 'original-message-id')
          .map(({ value }) => value.replace(/[<>]/g, '')),
      ),
    ];
    return ids.includes(expected.replace(/[<>]/g, '')) ? undefined : `not among ${JSON.stringify(ids)}`;
  },
  reopens_ticket: (expected: boolean, { found }) => differs(expected, opensTicket(found.kind) && found.kind !== 'calendar'),
  creates_ticket: (expected: boolean, { found }) => differs(expected, opensTicket(found.kind)),
  creates_customer_visible_reply: (expected: boolean, { found }) => differs(expected, opensTicket(found.kind)),
  complainant: (expected: string[], { found }) => holdsAll(expected, found.feedback?.complainants ?? []),
  auto_replier: (expected: string, { mail }) => differs(expected, mail.from[0]?.address),
  recipients: (expected: (string | ExpectedRecipient)[], { found }) =>
    sameRecipients(
      expected.map((one) => (typeof one === 'string' ? { address: one } : one)),
      found,
    ),
  // Null says that the source found nothing, which claims nothing about us.
  original_message_id: (expected: string | null, { found }) =>
    expected === null ? undefined : differs(expected, found.report?.original?.messageId),
  original_sender: (expected: string | null, { found }) =>
    expected === null ? undefined : differs(expected.toLowerCase(), found.report?.original?.sender?.toLowerCase()),
  original_subject: (expected: string | null, { found }) =>
    expected === null ? undefined : differs(expected, found.report?.original?.subject?.trim()),
};

function holdsAll(expected: readonly string[], found: readonly string[]): string | undefined {
  const have = new Set(found.map(addressKey));
  const missing = expected.filter((address) => !have.has(addressKey(address)));
  if (missing.length > 0) return `${missing.join()} not among ${found.join()}`;
  return found.length > expected.length * 2 ? `${found.length} addresses for ${expected.length}: ${found.join()}` : undefined;
}

/** A status whose last part is 900 or more is the source's own numbering, not the server's. */
function sameRecipients(expected: readonly ExpectedRecipient[], found: Classification): string | undefined {
  const recipients = found.report?.recipients ?? [];
  const addresses = recipients.flatMap(({ address, finalAddress }) => [address, ...(finalAddress === undefined ? [] : [finalAddress])]);
  const missing = holdsAll(
    expected.map(({ address }) => address),
    addresses,
  );
  if (missing !== undefined) return missing;
  for (const { address, status, permanent } of expected) {
    const own = recipients.find((one) =>
      [one.address, one.finalAddress].some((each) => each !== undefined && addressKey(each) === addressKey(address)),
    );
    if (permanent === undefined || /\.9\d\d$/.test(status ?? '')) continue;
    const isPermanent = found.kind === 'bounce' && (status === undefined ? permanent : status.startsWith('5')) && own?.action !== 'delayed';
    if (own?.isPermanent !== isPermanent)
      return `${address}: permanent expected ${isPermanent}, got ${own?.isPermanent} (${status}, ${own?.status})`;
  }
  return undefined;
}
