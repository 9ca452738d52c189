import { Parser } from 'htmlparser2';
import type { TestDesk } from '#core/testing/index.js';
import { openTicket, type Ticket } from '#core/tickets/index.js';

export interface Element {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: (Element | string)[];
}

/** A page as people meet it: by role, name and text instead of by markup. */
export class Page {
  readonly status: number;
  readonly root: Element;

  constructor(status: number, html: string) {
    this.status = status;
    this.root = parse(html);
  }

  /** Every element of a kind whose name or text contains the words. */
  all(tag: string, words = ''): readonly Element[] {
    return walk(this.root).filter((element) => element.tag === tag && nameOf(element).includes(words));
  }

  has(tag: string, words: string): boolean {
    return this.all(tag, words).length > 0;
  }

  /** The whole visible text with single spaces. */
  get text(): string {
    return textOf(this.root);
  }

  /** Text of what announces itself as an alert or error. */
  get alerts(): readonly string[] {
    return walk(this.root)
      .filter(({ attributes }) => attributes['role'] === 'alert')
      .map(textOf)
      .filter((one) => one !== '');
  }

  /** The value of a field by its name. */
  value(name: string): string | undefined {
    const field = walk(this.root).find((element) => ['input', 'textarea'].includes(element.tag) && element.attributes['name'] === name);
    return field?.tag === 'textarea' ? rawTextOf(field) : field?.attributes['value'];
  }

  /** Hidden fields and presets of the form that posts to an address. */
  form(action: string): URLSearchParams {
    const form = walk(this.root).find(({ tag, attributes }) => tag === 'form' && attributes['action'] === action);
    if (form === undefined) throw new Error(`No form posts to ${action}.`);
    const fields = walk(form).filter(
      ({ tag, attributes }) =>
        (tag === 'input' || tag === 'textarea') &&
        attributes['name'] !== undefined &&
        (attributes['type'] !== 'checkbox' || 'checked' in attributes) &&
        attributes['type'] !== 'file',
    );
    return new URLSearchParams(
      fields.map((field): [string, string] => [
        field.attributes['name'] ?? '',
        field.tag === 'textarea' ? rawTextOf(field) : (field.attributes['value'] ?? ''),
      ]),
    );
  }

  /** Where links go whose text contains the words. */
  href(words: string): string | undefined {
    return this.all('a', words)[0]?.attributes['href'];
  }
}

/** What a screen reader would call it: its label, else its text. */
function nameOf(element: Element): string {
  return element.attributes['aria-label'] ?? textOf(element);
}

function textOf(element: Element): string {
  return rawTextOf(element).replaceAll(/\s+/g, ' ').trim();
}

function rawTextOf(element: Element): string {
  if (['script', 'style', 'template'].includes(element.tag)) return '';
  return element.children.map((child) => (typeof child === 'string' ? child : rawTextOf(child))).join('');
}

function walk(element: Element): readonly Element[] {
  return [element, ...element.children.flatMap((child) => (typeof child === 'string' ? [] : walk(child)))];
}

function parse(html: string): Element {
  const root: Element = { tag: '#root', attributes: {}, children: [] };
  const open = [root];
  const parser = new Parser({
    onopentag(tag, attributes) {
      const element: Element = { tag, attributes, children: [] };
      open.at(-1)?.children.push(element);
      open.push(element);
    },
    ontext: (text) => void open.at(-1)?.children.push(text),
    onclosetag: () => void open.pop(),
  });
  parser.end(html);
  return root;
}

type Name = 'ada' | 'can' | 'mina';

/** A browser without script: keeps its session, follows nothing by itself. */
export class Visitor {
  private readonly desk: TestDesk;
  private readonly cookies = new Map<string, string>();

  constructor(desk: TestDesk, cookie: string) {
    this.desk = desk;
    this.keep(cookie);
  }

  async get(path: string): Promise<Page> {
    const response = await this.send(path, {});
    return new Page(response.status, await response.text());
  }

  /** Posts a form and returns the answer as it is. */
  async post(
    path: string,
    fields: Readonly<Record<string, string>> | URLSearchParams,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    return this.send(path, { method: 'POST', body: new URLSearchParams(fields), headers });
  }

  /** Posts a form and opens the page it leads to, or the one it answers with. */
  async submit(path: string, fields: Readonly<Record<string, string>> | URLSearchParams): Promise<Page> {
    const response = await this.post(path, fields);
    const location = response.headers.get('Location');
    return location === null ? new Page(response.status, await response.text()) : this.get(location);
  }

  private async send(path: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set('Cookie', [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '));
    const response = await this.desk.fetch(path, { ...init, headers });
    for (const cookie of response.headers.getSetCookie()) this.keep(cookie.split(';')[0] ?? '');
    return response;
  }

  private keep(cookie: string): void {
    const [name = '', value = ''] = cookie.split(/=(.*)/s);
    if (value === '') this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}

export async function visitor(desk: TestDesk, name: Name): Promise<Visitor> {
  return new Visitor(desk, await desk.cookie(name));
}

/** A ticket that mina wrote in the portal. */
export async function minaWrites(desk: TestDesk, subject = 'Two cups are broken', text = 'Two of six cups are broken.'): Promise<Ticket> {
  const { ticket } = await openTicket(desk.app.desk, desk.actor('mina'), {
    subject,
    requester: { userId: desk.people.mina.id },
    message: { text },
    channel: 'portal',
  });
  return ticket;
}

/** The reply form of a ticket as its page gave it, with words in it. */
export async function replyForm(by: Visitor, { number }: Ticket, kind: 'reply' | 'note', body: string): Promise<URLSearchParams> {
  const page = await by.get(`/desk/tickets/${number}`);
  const fields = page.form(`/desk/tickets/${number}/messages`);
  fields.set('kind', kind);
  fields.set('body', body);
  return fields;
}

/** Lets the desk send mail, so that replies are held and can be taken back. */
export async function withOutgoingMail(desk: TestDesk): Promise<void> {
  await desk.app.desk.settings.set('mail', { from: 'desk@example.com', smtp: 'smtp://127.0.0.1:9' });
}
