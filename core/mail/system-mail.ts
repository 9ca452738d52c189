import type { Desk } from '../desk.ts';
import { escapeHtml } from '../html/index.ts';

export interface SystemMail {
  /** Catalogue section `mail.<template>` with `subject`, `body` and `button`. */
  readonly template: 'magic-link' | 'password-reset' | 'invitation';
  readonly to: string;
  readonly userId?: number | undefined;
  readonly locale?: string | null | undefined;
  /** Path on this desk that the button leads to. */
  readonly path: string;
}

/** Subject, text and HTML of a system mail: one column, one button, its address beneath it. */
export async function composeSystemMail(desk: Desk, mail: SystemMail): Promise<{ subject: string; text: string; html: string }> {
  const site = await desk.settings.get('site');
  const translator = desk.translatorFor(mail.locale ?? null);
  const params = { site: String(site['name']) };
  return composeNotice({
    locale: translator.locale,
    subject: translator.t(`mail.${mail.template}.subject`, params),
    body: translator.t(`mail.${mail.template}.body`, params),
    button: translator.t(`mail.${mail.template}.button`, params),
    url: new URL(mail.path, desk.config.url).href,
    footer: translator.t('mail.footer', params),
  });
}

export interface Notice {
  readonly locale: string;
  readonly subject: string;
  readonly body: string;
  readonly button: string;
  readonly url: string;
  readonly footer: string;
}

/** The one layout of mails that the desk writes by itself. */
export function composeNotice(notice: Notice): { subject: string; text: string; html: string } {
  const paragraphs = notice.body.split('\n').filter((line) => line.trim() !== '');
  const url = escapeHtml(notice.url);
  return {
    subject: notice.subject,
    text: `${notice.body}\n\n${notice.button}:\n${notice.url}\n\n-- \n${notice.footer}\n`,
    html: [
      `<!doctype html><html lang="${escapeHtml(notice.locale)}"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark"></head>`,
      '<body style="margin:0;padding:24px;font:16px/24px -apple-system,\'Segoe UI\',Roboto,Helvetica,Arial,sans-serif"><table role="presentation" width="100%" style="max-width:600px;margin:0 auto"><tr><td>',
      ...paragraphs.map((line) => `<p style="margin:0 0 16px">${escapeHtml(line)}</p>`),
      `<p style="margin:24px 0"><a href="${url}" style="display:inline-block;padding:12px 20px;border-radius:6px;background:#3b5bdb;color:#fdfdfd;text-decoration:none">${escapeHtml(notice.button)}</a></p>`,
      `<p style="margin:0 0 16px;font-size:14px;line-height:20px"><a href="${url}">${url}</a></p>`,
      `<p style="margin:24px 0 0;font-size:13px;line-height:18px;color:#6b7280">${escapeHtml(notice.footer)}</p>`,
      '</td></tr></table></body></html>',
    ].join(''),
  };
}
