import type { Desk } from '../desk.ts';
import type { Context } from '../http/request-state.ts';
import type { Tx } from '../storage/index.ts';
import type { UserActor } from '../users/index.ts';

/** A JSON Schema (2020-12); the same object validates and is printed in the OpenAPI document. */
export type Schema = Readonly<Record<string, unknown>>;

export interface ApiRequest<Body = unknown, Query = unknown> {
  readonly desk: Desk;
  readonly ctx: Context;
  readonly actor: UserActor;
  /** The number in the place of `:id`. */
  readonly id: number;
  readonly query: Query;
  readonly body: Body;
  /** One write transaction, which also stores the answer for a repeated Idempotency-Key. */
  commit<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}

/** One method of one address: what it takes, what it answers, and what it does. */
export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'PATCH';
  /** Below `/api/v1`, such as `/tickets/:id`. */
  readonly path: string;
  readonly summary: string;
  readonly query?: Schema;
  readonly body?: Schema;
  /** Takes a multipart body with one field `file` instead of JSON. */
  readonly isUpload?: true;
  /** What it answers: a schema, or `file` for the bytes of one. */
  readonly answer: Schema | 'file';
  run(request: ApiRequest): Promise<unknown>;
}

/** Types the parts of one endpoint; the schemas have checked them when `run` is called. */
export function endpoint<Body = undefined, Query = undefined>(
  definition: Omit<Endpoint, 'run'> & { run(request: ApiRequest<Body, Query>): Promise<unknown> },
): Endpoint {
  return { ...definition, run: (request) => definition.run(request as ApiRequest<Body, Query>) };
}
