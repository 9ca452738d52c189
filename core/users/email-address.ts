import { domainToASCII } from 'node:url';
import { Invalid } from '../kernel/errors.ts';

// RFC 5321 section 4.5.3.1: 64 octets before the @, 255 after it.
const shape = /^[^\s@<>"(),:;[\]\\]{1,64}@[^\s@<>"(),:;[\]\\]{1,255}$/u;

/** Whether the text is one plain mail address: no name, no comment, no list. */
export function isEmailAddress(text: string): boolean {
  if (!shape.test(text) || /\p{Cc}/u.test(text)) return false;
  const domain = domainToASCII(text.slice(text.lastIndexOf('@') + 1));
  return domain !== '' && !domain.startsWith('.') && !domain.includes('..');
}

/**
 * The form in which addresses are compared: lower case, the domain in ASCII.
 * The local part is case-sensitive by RFC 5321 and nowhere in practice.
 *
 * @throws Invalid when the text is not one plain address.
 */
export function emailKey(text: string): string {
  const trimmed = text.trim();
  if (!isEmailAddress(trimmed)) throw new Invalid('users.email-invalid', { email: trimmed.slice(0, 320) });
  const at = trimmed.lastIndexOf('@');
  return `${trimmed.slice(0, at).toLowerCase()}@${domainToASCII(trimmed.slice(at + 1)).toLowerCase()}`;
}
