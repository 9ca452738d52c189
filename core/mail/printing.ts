import type { Translator } from '../i18n/index.ts';
import type { Templates, TemplateVariables } from '../kernel/templates.ts';
import type { RequestView } from '../ui/types.ts';
import type { Notice } from './system-mail.ts';

export interface PrintingDeps {
  readonly templates: Templates;
  readonly translator: Translator;
  /** `@theme` and `@mail`. */
  readonly variables: TemplateVariables;
  readonly site: string;
  /** Absolute address of the look's logo. */
  readonly logoUrl?: string | undefined;
  readonly now: number;
}

/** Text and HTML of a notice, through the templates `emails/…` that a theme may replace. */
export function printNotice(
  { templates, translator, variables, site, logoUrl, now }: PrintingDeps,
  notice: Notice,
): { text: string; html: string } {
  const paragraphs = notice.body.split('\n').filter((line) => line.trim() !== '');
  const data = {
    locale: translator.locale,
    dir: translator.dir,
    subject: notice.subject,
    preheader: paragraphs[0] ?? '',
    body: notice.body,
    paragraphs,
    button: notice.button,
    address: notice.url,
    footer: notice.footer,
    site,
    logoUrl,
    request: requestOf(translator, site, now),
  };
  const named = (ending: string): string => {
    const own = `emails/${notice.template ?? 'notice'}${ending}`;
    return templates.has(own) ? own : `emails/notice${ending}`;
  };
  return {
    // Templates escape for HTML, whatever they print; text has nothing to escape.
    text: unescaped(templates.render(named('-text'), data, variables)).trimStart(),
    html: templates.render(named(''), data, variables).trimStart(),
  };
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#x27': "'", '#x60': '`', '#x3D': '=' };

function unescaped(text: string): string {
  return text.replaceAll(/&(amp|lt|gt|quot|#x27|#x60|#x3D);/g, (_all, name: string) => entities[name] ?? '');
}

// Helpers ask the request for language and time zone; a mail answers none.
function requestOf(translator: Translator, site: string, now: number): RequestView {
  return {
    locale: translator.locale,
    timeZone: translator.timeZone,
    dir: translator.dir,
    colorScheme: 'system',
    path: '',
    query: {},
    now,
    partial: false,
    permissions: new Set(),
    site: { name: site, locales: [], warnings: [] },
    flash: [],
    translator,
  };
}
