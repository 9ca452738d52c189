import { readDeliveryReport, type DeliveryReport } from './bounces.ts';
import { readFeedback, type Feedback } from './feedback.ts';
import { headerValue, headerValues } from './header.ts';
import { authorOf } from './mail-identity.ts';
import type { ParsedMail } from './parsed-mail.ts';

export type MailKind =
  | 'own-copy'
  | 'own-address'
  | 'bounce'
  | 'delay'
  | 'delivered'
  | 'mdn'
  | 'feedback'
  | 'auto-reply'
  | 'generated'
  | 'list'
  | 'calendar'
  | 'noreply'
  | 'human';

/** What the classifier may ask about this desk. All look-ups are on stored data; addresses and ids are compared without brackets. */
export interface DeskIdentity {
  readonly isOurAddress: (address: string) => boolean;
  readonly isOurMessageId: (messageId: string) => boolean;
  readonly isOurLoopHeader: (value: string) => boolean;
  /** True when From was rewritten by a list of ours and the mail is authenticated (mail.md V3). */
  readonly isRewrittenFrom?: boolean;
}

/** The two separate answers about a mail, with the rule that gave them. `isWeak` means only the subject says so. */
export interface Classification {
  readonly kind: MailKind;
  readonly mayAutoReply: boolean;
  readonly evidence: string;
  readonly isWeak: boolean;
  readonly report?: DeliveryReport;
  readonly feedback?: Feedback;
}

type Answer = Omit<Classification, 'evidence' | 'mayAutoReply' | 'isWeak'> & { readonly isWeak?: boolean };
type Rule = readonly [name: string, decide: (mail: ParsedMail, desk: DeskIdentity) => Answer | undefined];

// The first rule that answers decides the kind (mail.md section 4, RFC 3834).
const rules: readonly Rule[] = [
  [
    'L1 own copy',
    (mail, desk) =>
      when('own-copy', isFromUs(mail, desk) && (desk.isOurMessageId(mail.messageId ?? '') || loopValues(mail).some(desk.isOurLoopHeader))),
  ],
  ['L2 own address', (mail, desk) => when('own-address', isFromUs(mail, desk) && desk.isRewrittenFrom !== true)],
  ['L4 read receipt', (mail) => when('mdn', mail.reportType === 'disposition-notification' || hasReport(mail, 'disposition-notification'))],
  [
    'L5 feedback report',
    (mail) => {
      const feedback = readFeedback(mail);
      return feedback && { kind: 'feedback', feedback };
    },
  ],
  [
    'L3, L6 delivery report',
    (mail) => {
      const report = readDeliveryReport(mail);
      return report && { kind: report.kind, report };
    },
  ],
  ['L7 Auto-Submitted', autoSubmitted],
  ['L8 auto-reply header', (mail) => when('auto-reply', hasAutoReplyHeader(mail))],
  ['L11 calendar', (mail) => when('calendar', mail.calendarMethod !== undefined)],
  ['L13 subject', (mail) => (autoReplySubject.test(mail.subject.trim()) ? { kind: 'auto-reply', isWeak: true } : undefined)],
  ['L10 list or bulk', (mail) => when('list', isBulk(mail))],
  ['L12 no-reply sender', (mail) => when('noreply', noReply.test(mail.from[0]?.address ?? ''))],
];

/**
 * Says what a mail is and whether anything may answer it by itself; the two are separate, because a person's mail
 * can carry a wish not to be answered (X-Auto-Response-Suppress, mail.md L9, L14).
 */
export function classify(mail: ParsedMail, desk: DeskIdentity): Classification {
  for (const [evidence, decide] of rules) {
    const answer = decide(mail, desk);
    if (answer) return { isWeak: false, ...answer, evidence, mayAutoReply: false };
  }
  if (suppressesReplies(mail)) return { kind: 'human', mayAutoReply: false, evidence: 'L9 X-Auto-Response-Suppress', isWeak: false };
  if (mail.from.length === 0) return { kind: 'human', mayAutoReply: false, evidence: 'V1 no sender', isWeak: false };
  if (/^<\s*>$/.test(headerValue(mail.headers, 'return-path')?.trim() ?? ''))
    return { kind: 'human', mayAutoReply: false, evidence: 'RFC 3834 section 2, null Return-Path', isWeak: false };
  return { kind: 'human', mayAutoReply: true, evidence: 'no rule applies', isWeak: false };
}

function when(kind: MailKind, holds: boolean): Answer | undefined {
  return holds ? { kind } : undefined;
}

function isFromUs(mail: ParsedMail, desk: DeskIdentity): boolean {
  const author = authorOf(mail);
  return author !== undefined && desk.isOurAddress(author.address);
}

function loopValues(mail: ParsedMail): string[] {
  return headerValues(mail.headers, 'x-desk-loop');
}

function hasReport(mail: ParsedMail, kind: string): boolean {
  return mail.reports.some(({ contentType }) => contentType === `message/${kind}`);
}

function autoSubmitted(mail: ParsedMail, desk: DeskIdentity): Answer | undefined {
  const value =
    (headerValue(mail.headers, 'auto-submitted') ?? '')
      .split(/[;(\s]/, 1)[0]
      ?.trim()
      .toLowerCase() ?? '';
  if (value === '' || value === 'no') return undefined;
  const answersUs = [...mail.inReplyTo, ...mail.references].some(desk.isOurMessageId);
  const isReply = value === 'auto-replied' || headerValue(mail.headers, 'x-ms-exchange-inbox-rules-loop') !== undefined || answersUs;
  return { kind: isReply ? 'auto-reply' : 'generated' };
}

const autoReplyHeaders = new Set([
  'x-autoreply',
  'x-autorespond',
  'x-autoresponse',
  'x-autoresponder',
  'x-autoreply-from',
  'x-mail-autoreply',
  'x-autogenerated-reply',
]);

function hasAutoReplyHeader(mail: ParsedMail): boolean {
  return mail.headers.some(({ name, value }) => {
    const text = value.trim().toLowerCase();
    if (autoReplyHeaders.has(name)) return text !== 'no' && text !== 'false';
    if (name === 'x-apple-action') return text.startsWith('vacation');
    if (name === 'precedence' || name === 'x-precedence') return /^auto[-_]?reply/.test(text);
    return name === 'delivered-to' && text.startsWith('autoresponder');
  });
}

function isBulk(mail: ParsedMail): boolean {
  return mail.headers.some(({ name, value }) => {
    if (name === 'precedence' || name === 'x-precedence') return /^(?:bulk|list|junk)\b/i.test(value.trim());
    return name === 'list-id' || name === 'list-unsubscribe';
  });
}

function suppressesReplies(mail: ParsedMail): boolean {
  return headerValues(mail.headers, 'x-auto-response-suppress').some((value) =>
    value.split(',').some((wish) => /^(?:all|oof|autoreply)$/i.test(wish.trim())),
  );
}

const noReply =
  /^(?:no[-_.]?reply|do[-_.]?not[-_.]?reply|donotreply|mailer-daemon|postmaster|bounces?|notifications?)(?:[+@]|[-_.][^@]{0,60}@)|(?:^|[-_.])no-?reply@/i;

// Openings that mail programs write themselves; a person's subject rarely starts so, and then only weak evidence is claimed.
const autoReplySubject = new RegExp(
  `^(?:${[
    'automatic reply\\s*:',
    'auto(?:matic)?[- ]?(?:reply|response)\\s*:',
    'out of (?:the )?office\\s*(?::|auto)',
    'autoreply\\s*:',
    'automatische antwort\\s*:',
    'abwesenheitsnotiz',
    'abwesenheitsbenachrichtigung',
    'außer haus\\s*:',
    'réponse automatique',
    'absence du bureau\\s*:',
    "message d'absence",
    'respuesta automática',
    'fuera de (?:la )?oficina\\s*:',
    'risposta automatica',
    'fuori sede\\s*:',
    'automatisch antwoord',
    'afwezig(?:heidsbericht)?\\s*:',
    'resposta automática',
    'fora do escritório\\s*:',
    'autosvar',
    'automatisk svar',
    'automaattinen vastaus',
    'automatyczna odpowiedź',
    'automatická odpověď',
    'automatikus válasz',
    'răspuns automat',
    'автоматический ответ',
    'автоматична відповідь',
    'otomatik yanıt',
    'αυτόματη απάντηση',
    'תשובה אוטומטית',
    'رد تلقائي',
    '自動応答',
    '自动答复',
    '自動回覆',
    '自动回复',
    '자동 회신',
  ].join('|')})`,
  'iu',
);
