import type { BouncedRecipient, DeliveryReport, ReturnedMail } from './bounces.ts';
import type { ParsedMail } from './parsed-mail.ts';

/** A notice of a sending service in JSON, as Amazon SES mails it: a delivery report or a complaint. */
export interface ServiceNotice {
  readonly kind: DeliveryReport['kind'] | 'feedback';
  readonly recipients: readonly BouncedRecipient[];
  readonly original: ReturnedMail | undefined;
}

const kinds: Readonly<Record<string, ServiceNotice['kind']>> = {
  bounce: 'bounce',
  delivery: 'delivered',
  deliverydelay: 'delay',
  complaint: 'feedback',
};

/** Reads the JSON a sending service puts at the start of a notice mail, or undefined. */
export function readServiceNotice(mail: ParsedMail): ServiceNotice | undefined {
  const text = mail.text.trimStart();
  if (!/^\{\s{0,5}"(?:notificationType|eventType)"/.test(text)) return undefined;
  const notice = parseObject(text.slice(0, 200_000));
  const type = textAt(notice, 'notificationType') ?? textAt(notice, 'eventType') ?? '';
  const kind = kinds[type.toLowerCase()];
  if (notice === undefined || kind === undefined) return undefined;
  const detail = ['bounce', 'delivery', 'deliveryDelay', 'complaint'].map((key) => objectAt(notice, key)).find(Boolean);
  return { kind, recipients: recipientsOf(detail, kind), original: originalOf(objectAt(notice, 'mail')) };
}

type Json = Readonly<Record<string, unknown>>;

/** The JSON stands on one line, or folded like a header; a footer may follow it. */
function parseObject(text: string): Json | undefined {
  const whole = text.slice(0, text.lastIndexOf('}') + 1);
  for (const candidate of [text.split(/\r?\n/, 1)[0] ?? '', whole, whole.replace(/\r?\n ?/g, '')]) {
    try {
      const value: unknown = JSON.parse(candidate);
      if (isObject(value)) return value;
    } catch {
      // Not the whole object; the next candidate may be.
    }
  }
  return undefined;
}

function recipientsOf(detail: Json | undefined, kind: ServiceNotice['kind']): BouncedRecipient[] {
  const list =
    ['bouncedRecipients', 'complainedRecipients', 'delayedRecipients', 'recipients'].map((key) => detail?.[key]).find(Array.isArray) ?? [];
  const action = kind === 'delay' ? 'delayed' : kind === 'bounce' ? 'failed' : 'delivered';
  return list.slice(0, 100).flatMap((entry: unknown) => {
    const address = typeof entry === 'string' ? entry : isObject(entry) ? textAt(entry, 'emailAddress') : undefined;
    if (address === undefined) return [];
    const status = isObject(entry) ? textAt(entry, 'status') : undefined;
    const diagnostic = isObject(entry) ? textAt(entry, 'diagnosticCode') : undefined;
    const isPermanent = action === 'failed' && (textAt(detail, 'bounceType') ?? 'Permanent') === 'Permanent';
    return [{ address, finalAddress: undefined, action, status, diagnostic, isPermanent } as const];
  });
}

function originalOf(mail: Json | undefined): ReturnedMail | undefined {
  if (!mail) return undefined;
  const common = objectAt(mail, 'commonHeaders');
  const to = mail['destination'];
  return {
    messageId: textAt(common, 'messageId')?.replace(/^<|>$/g, '') ?? textAt(mail, 'messageId'),
    sender: textAt(mail, 'source'),
    subject: textAt(common, 'subject'),
    to: Array.isArray(to) ? to.filter((address) => typeof address === 'string') : [],
    headers: [],
  };
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function objectAt(value: Json | undefined, key: string): Json | undefined {
  const found = value?.[key];
  return isObject(found) ? found : undefined;
}

function textAt(value: Json | undefined, key: string): string | undefined {
  const found = value?.[key];
  return typeof found === 'string' ? found : undefined;
}
