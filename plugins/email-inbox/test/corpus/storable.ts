import type { ParsedMail } from '../../parsed-mail.ts';

/** Whether everything a page shows of a mail is valid Unicode without NUL, which PostgreSQL refuses (mail.md C3). */
export function isStorable({ text, html, subject, attachments }: ParsedMail): boolean {
  return [text, html ?? '', subject, ...attachments.map(({ filename }) => filename)].every(
    (value) => !value.includes('\0') && !/\p{Surrogate}/u.test(value),
  );
}
