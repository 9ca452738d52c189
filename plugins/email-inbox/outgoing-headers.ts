import { baseSubject } from './threading-ids.ts';

const maxReferences = 20;
const maxReferenceBytes = 900;

/** The subject of a reply: one `Re: `, no line break or control character, at most 500 characters (mail.md O4). */
export function replySubject(subject: string): string {
  const plain = subject
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return `Re: ${plain.replace(/^(?:(?:re|aw|sv|antw)\s{0,3}[:：]\s*){1,50}/iu, '').slice(0, 500) || baseSubject(plain)}`.trim();
}

/**
 * The References of a reply, oldest first: the root and the last ids, at most 20 and 900 bytes with brackets, because
 * relays refuse long header blocks (RFC 5322 section 3.6.4, mail.md O4). An id that cannot stand in a header is left out.
 */
export function replyReferences(parentReferences: readonly string[], parentId: string | undefined): string[] {
  const ids = [...parentReferences, ...(parentId === undefined ? [] : [parentId])].filter(
    (id) => /^[\x21-\x7e]{3,250}$/.test(id) && !/[<>]/.test(id),
  );
  const distinct = [...new Set(ids)];
  const [root, ...rest] = distinct;
  if (root === undefined) return [];
  const kept: string[] = [];
  let bytes = root.length + 3;
  for (const id of rest.toReversed()) {
    bytes += id.length + 3;
    if (kept.length >= maxReferences - 1 || bytes > maxReferenceBytes) break;
    kept.unshift(id);
  }
  return [root, ...kept];
}
