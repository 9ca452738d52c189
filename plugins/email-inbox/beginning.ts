import type { ImapFlow, FetchMessageObject, FetchQueryObject, MessageStructureObject } from 'imapflow';
import { isAnswer, within } from './imap-connection.ts';

const textBytes = 256 * 1024;

/**
 * The header and the beginning of the first text part of a mail on the server, as a mail of its own (mail.md F7); of
 * what the server refuses to give less, but at least the header. Undefined when the mail is gone.
 */
export async function fetchBeginning(client: ImapFlow, uid: number): Promise<Buffer | undefined> {
  const ask = (query: FetchQueryObject): Promise<FetchMessageObject | false | undefined> =>
    within(client, 'fetch the beginning of a mail', client.fetchOne(String(uid), { uid: true, ...query }, { uid: true }));
  const less = (error: unknown): undefined => {
    if (!isAnswer(error)) throw error;
  };
  const head = (await ask({ headers: true, bodyStructure: true }).catch(less)) ?? (await ask({ headers: true }));
  if (head === false || head?.headers === undefined) return undefined;
  const part = firstText(head.bodyStructure);
  if (part === undefined) return head.headers;
  const bodyParts = [{ key: part === '' ? 'TEXT' : part, start: 0, maxLength: textBytes }, ...(part === '' ? [] : [`${part}.MIME`])];
  const text = await ask({ bodyParts }).catch(less);
  const parts = text === false ? undefined : text?.bodyParts;
  const body = parts?.get(part === '' ? 'text' : part);
  if (body === undefined) return head.headers;
  return part === '' ? Buffer.concat([head.headers, body]) : asOnlyPart(head.headers, parts?.get(`${part}.mime`), body);
}

/** Number of the part, empty for a mail that is nothing else; nested mails are attachments. */
function firstText(structure: MessageStructureObject | undefined): string | undefined {
  if (structure === undefined || structure.disposition === 'attachment' || structure.type === 'message/rfc822') return undefined;
  if (structure.type.startsWith('text/')) return structure.part ?? '';
  for (const child of structure.childNodes ?? []) {
    const part = firstText(child);
    if (part !== undefined) return part;
  }
  return undefined;
}

// The header speaks of parts that are not there; what the part says of itself takes the place of that.
const contentFields = /^content-(?:type|transfer-encoding|disposition)[ \t]*:.*\r?\n(?:[ \t].*\r?\n)*/gim;

function asOnlyPart(header: Buffer, own: Buffer | undefined, body: Buffer): Buffer {
  const rest = header.toString('latin1').replace(contentFields, '').trimEnd();
  const fields = own?.toString('latin1').trim() ?? '';
  return Buffer.concat([Buffer.from([rest, ...(fields === '' ? [] : [fields]), '', ''].join('\r\n'), 'latin1'), body]);
}
