import type { TestDesk } from '#core/testing/index.js';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>> & {
    readonly items?: readonly Readonly<Record<string, unknown>>[];
    readonly next?: string | null;
  };
}

export interface Call {
  readonly method?: string;
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly form?: FormData;
}

export type Client = (path: string, call?: Call) => Promise<Answer>;

/** Calls the API with a token of the person, below `/api/v1`. */
export async function clientOf(desk: TestDesk, name: 'ada' | 'can' | 'mina', token?: string): Promise<Client> {
  return caller(desk, token ?? (await desk.token(name)));
}

export function caller(desk: TestDesk, token?: string): Client {
  return async (path, { method, json, headers = {}, form } = {}) => {
    const body = form ?? (json === undefined ? undefined : JSON.stringify(json));
    const response = await fetch(`${await desk.url()}/api/v1${path}`, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: {
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        ...(json === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('Content-Type') ?? '');
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : { text } };
  };
}

/** The id of what was made. */
export function idOf({ body }: Answer): number {
  return Number(body['id']);
}
