import type { Desk } from '../desk.ts';

export interface SystemMail {
  /** Catalog section `mail.<template>` with `subject`, `body` and `button`, and the template `emails/<template>`. */
  readonly template: 'magic-link' | 'password-reset' | 'invitation';
  readonly to: string;
  readonly userId?: number | undefined;
  readonly locale?: string | null | undefined;
  /** Path on this desk that the button leads to. */
  readonly path: string;
}

/** The mails that the desk sends by itself to people who are about to sign in. */
export const systemMails = ['magic-link', 'password-reset', 'invitation'] as const satisfies readonly SystemMail['template'][];

/** What a system mail says, in its reader's language. */
export async function noticeOf(
  desk: Desk,
  mail: Omit<SystemMail, 'to'>,
  translator = desk.translatorFor(mail.locale ?? null),
): Promise<Notice> {
  const params = { site: String((await desk.settings.get('site'))['name']) };
  return {
    template: mail.template,
    locale: translator.locale,
    subject: translator.t(`mail.${mail.template}.subject`, params),
    body: translator.t(`mail.${mail.template}.body`, params),
    button: translator.t(`mail.${mail.template}.button`, params),
    url: new URL(mail.path, desk.config.url).href,
    footer: translator.t('mail.footer', params),
  };
}

/** A mail that no person wrote: some lines, one button with its address beneath, a footer. */
export interface Notice {
  /** `emails/<template>` prints it if there is one, else `emails/notice`. */
  readonly template?: string | undefined;
  readonly locale: string;
  readonly subject: string;
  /** Paragraphs, one a line. */
  readonly body: string;
  readonly button: string;
  readonly url: string;
  readonly footer: string;
}

/** A notice as `queueAutomatic` takes it; the templates of the active theme make its HTML when it is queued. */
export interface ComposedNotice {
  readonly subject: string;
  readonly text: string;
  readonly notice: Notice;
}

/** The one form of mails that the desk and its plugins write by themselves. */
export function composeNotice(notice: Notice): ComposedNotice {
  const { subject, body, button, url, footer } = notice;
  return { subject, text: `${body}\n\n${button}:\n${url}\n\n-- \n${footer}\n`, notice };
}
