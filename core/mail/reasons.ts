import type { Translator } from '../i18n/index.ts';

const knownReasons = [
  ['name', /ENOTFOUND|EAI_AGAIN/],
  ['refused', /ECONNREFUSED/],
  ['silent', /ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/],
  // Microsoft 365 has switched passwords for SMTP off (nodemailer #1726).
  ['no-passwords', /\b535\b.*5\.7\.139|SmtpClientAuthentication is disabled/s],
] as const;

/** The usual causes of a failed connection in a sentence; of the rest the words of the system or the server. */
export function reasonInWords(translator: Pick<Translator, 't'>, reason: string): string {
  const known = knownReasons.find(([, pattern]) => pattern.test(reason));
  return known === undefined ? reason : translator.t(`mail.reason.${known[0]}`);
}
