import { readAuthentication, mayActAsAgent } from '../../authentication.ts';
import { addressKey } from '../../addresses.ts';
import { cleanFilename } from '../../file-names.ts';
import { imageTypeOf, isDangerous, readHtmlTree, replyHeaders, replySubject, sanitizeMail, walk } from '@helpdesk/core/plugin';
import { authorOf, carbonCopies, dedupKey, messageIdFor, replyAddressOf } from '../../mail-identity.ts';
import { threadCandidates } from '../../message-ids.ts';
import type { ParsedMail } from '../../parsed-mail.ts';
import { parseMail } from '../../parsing.ts';
import { splitReply } from '../../quoting.ts';
import { readToken, recipientAddresses } from '../../threading-ids.ts';
import { checkKeys, differs, fold, pattern, type CorpusItem, type KeyChecks, type Outcome } from './corpus.ts';
import { openStage, type HostileStage } from './stage.ts';
import { isStorable } from './storable.ts';
import { contentOfMail } from '../../mail-content.ts';

interface Subject {
  readonly item: CorpusItem;
  readonly raw: Uint8Array;
  readonly mail: ParsedMail;
  readonly html: string;
  readonly milliseconds: number;
  readonly stage: () => Promise<HostileStage>;
}

/** Takes hostile mails into a real desk and looks at them there; the desk and the browser start with the first mail that needs them. */
export class HostileCheck {
  #stage: Promise<HostileStage> | undefined;

  async check(item: CorpusItem, raw: Uint8Array): Promise<Omit<Outcome, 'item'>> {
    const started = performance.now();
    const mail = await parseMail(raw);
    const reply = splitReply({ text: mail.text, html: mail.html });
    const html = contentOfMail(mail).html ?? '';
    const milliseconds = performance.now() - started;
    const stage = (): Promise<HostileStage> => (this.#stage ??= openStage());
    const complaints = await checkKeys(item, { item, raw, mail, html: storedForm(html, mail), milliseconds, stage }, checks);
    const isWhole = reply.parts.length > 0 || mail.text === '';
    return { complaints: isWhole ? complaints : [...complaints, { key: 'reply', text: 'no reply part' }], milliseconds };
  }

  async close(): Promise<void> {
    await (await this.#stage)?.close();
  }
}

/** What a page gets from the stored HTML: images of the mail have addresses, those from outside are held back. */
function storedForm(html: string, mail: ParsedMail): string {
  const cids = new Map(
    mail.attachments.flatMap(({ contentId, content }) =>
      contentId !== undefined && imageTypeOf(content) !== undefined ? [[contentId.toLowerCase(), '/files/1']] : [],
    ),
  );
  return sanitizeMail(html, { cidUrl: (cid) => cids.get(cid), allowRemoteImages: false }).html;
}

const isOurs = (address: string): boolean => addressKey(address).endsWith('@desk.example') && addressKey(address).startsWith('support');

const checks: KeyChecks<Subject> = {
  no_crash: (_expected: boolean, { mail }) => (isStorable(mail) ? undefined : 'text is not valid UTF-8'),
  max_ms: (expected: number, { milliseconds }) => (milliseconds <= expected ? undefined : `took ${Math.round(milliseconds)} ms`),
  text_contains: (expected: string[], { mail }) =>
    expected.filter((part) => !fold(mail.text).includes(part)).map((part) => `${part} is missing`)[0],
  from_address: (expected: string, { mail }) => differs(expected, authorOf(mail)?.address),
  acts_as_agent: (expected: boolean, { mail }) => differs(expected, actsAsAgent(mail)),
  stored_name_rule: (_expected: string, { mail }) =>
    mail.attachments.map(({ filename, contentType }) => nameComplaint(filename, contentType)).find(Boolean) ??
    (mail.attachments.length === 0 ? 'no file found' : undefined),
  sanitised_must_not_match: (expected: string[], { html }) =>
    expected.filter((source) => pattern(source).test(html)).map((source) => `matches ${source}: ${html.slice(0, 200)}`)[0],
  sanitised_must_match: (expected: string[], { html }) =>
    expected.filter((source) => !pattern(source).test(html)).map((source) => `does not match ${source}: ${html.slice(0, 200)}`)[0],
  sanitised_must_contain: (expected: string[], { html }) =>
    expected.filter((part) => !html.includes(part)).map((part) => `lost ${part}: ${html.slice(0, 200)}`)[0],
  browser_rule: async (_expected: string, { html, raw, stage }) => inertComplaint(html) ?? (await (await stage()).look(raw)),
  rule: (_expected: string, subject) => ruleComplaint(subject),
};

function actsAsAgent(mail: ParsedMail): boolean {
  return mayActAsAgent(mail.from.length, readAuthentication(mail.headers, { authservIds: ['mx.desk.example'] }));
}

function nameComplaint(filename: string, contentType: string): string | undefined {
  const isSafe =
    filename !== '' &&
    filename !== '.' &&
    filename !== '..' &&
    Buffer.byteLength(filename) <= 200 &&
    !/[/\\:\p{Cc}\p{Cf}]/u.test(filename) &&
    !/^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i.test(filename) &&
    !/^\.|[. ]$/.test(filename) &&
    cleanFilename(filename, contentType) === filename;
  return isSafe ? undefined : `stored as ${JSON.stringify(filename)}`;
}

/** What a browser would need to run code or to call out; found here with its name before the real browser looks. */
function inertComplaint(html: string): string | undefined {
  for (const node of walk(readHtmlTree(html))) {
    if (node.kind !== 'element') continue;
    if (
      /^(?:script|style|link|meta|base|iframe|object|embed|form|input|button|svg|math|template|noscript|video|audio|source|picture)$/.test(
        node.name,
      )
    )
      return `holds <${node.name}>`;
    for (const [name, value] of Object.entries(node.attributes)) {
      if (/^on|^hx-|^data-hx|^srcset$|^background$|^poster$|^id$|^class$|^name$/.test(name)) return `holds ${name}=`;
      if (name === 'src' && !/^(?:data:image\/(?:png|gif|jpe?g|webp);|\/files\/)/i.test(value)) return `loads ${value}`;
      if (name === 'href' && !/^(?:https?:|mailto:|tel:)/i.test(value)) return `links ${value}`;
      if (name === 'style' && /url|expression|position|z-index|@|\\|behavior|display|float|transform/i.test(value))
        return `styles ${value}`;
    }
  }
  return undefined;
}

const strata: Readonly<Record<string, (subject: Subject) => string | undefined | Promise<string | undefined>>> = {
  type: async ({ mail, raw, stage }) => {
    const [file] = mail.attachments;
    if (!file) return 'no file found';
    const isImage = imageTypeOf(file.content) !== undefined;
    if (!isImage && !isDangerous(file.filename, file.contentType)) return `${file.filename} is not on the danger list`;
    return (await stage()).download(raw, isImage);
  },
  archive: ({ mail }) => (mail.attachments.length === 1 ? undefined : `${mail.attachments.length} files instead of the archive`),
  mime: ({ mail }) => (isStorable(mail) ? undefined : 'text is not valid UTF-8'),
  dos: ({ mail }) => {
    if (mail.attachments.length > 200) return `${mail.attachments.length} files`;
    if (carbonCopies(mail, isOurs).kept.length > 25) return 'more than 25 Cc';
    if (threadCandidates(mail.inReplyTo, mail.references).length > 102) return 'more than 102 ids looked up';
    const ids = mail.references.map((id) => `<${id}>`);
    const references = replyHeaders(ids, `<${mail.messageId ?? ''}>`)['References'] ?? '';
    return references.split(' ').length <= 21 && references.length <= 900 ? undefined : 'references of the reply are too long';
  },
  header: ({ mail, raw }) => {
    if (/[\r\n]/.test(replySubject(mail.subject))) return 'the reply subject holds a line break';
    return dedupKey(mail, 1, raw).length === 64 && messageIdFor(mail, 1, raw) !== '' ? undefined : 'the key is not a hash';
  },
  'thread-hijack': ({ mail, raw }) => {
    if (actsAsAgent(mail)) return 'acts as an agent';
    const token = readToken(recipientAddresses(mail.headers), { kind: 't', secret: Buffer.alloc(32, 7), mailboxId: 1 });
    if (token !== undefined && token !== 'forged') return 'the token was believed';
    const other = { ...mail, from: [{ name: '', address: 'mina@customer.example' }] };
    return dedupKey(mail, 1, raw) === dedupKey(other, 1, raw) ? 'swallowed as a duplicate of another sender' : undefined;
  },
  spoof: ({ mail }) => {
    if (actsAsAgent(mail)) return 'acts as an agent';
    const author = authorOf(mail);
    return author !== undefined && (mail.from.length === 1 || author.isAmbiguous) ? undefined : 'the sender is not one flagged address';
  },
  loop: ({ mail }) => (replyAddressOf(mail, isOurs)?.address.includes(',') === true ? 'several addresses' : undefined),
};

function ruleComplaint(subject: Subject): string | undefined | Promise<string | undefined> {
  const check = strata[subject.item.stratum];
  return check ? check(subject) : `no check for the rule of stratum ${subject.item.stratum}`;
}
