import { STATUS_CODES } from 'node:http';
import { AppError, NotFound } from '../kernel/errors.ts';
import type { Desk } from '../desk.ts';
import { confirmUrlOf } from './form-errors.ts';
import type { Context, Middleware } from './request-state.ts';

/** What people and programs are told about an error. */
export interface Problem {
  readonly status: number;
  /** Stable, listed in core/errors.md. */
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Answers every error: AppErrors as they are, anything else as a fault whose stack is logged once, here. */
export function handleErrors(desk: Desk, renderError: (ctx: Context, problem: Problem) => Promise<void>): Middleware {
  return async (ctx, next) => {
    try {
      await next();
      if (ctx.status === 404 && ctx.body === undefined && !ctx.headerSent) throw new NotFound('http.not-found', { path: ctx.path });
    } catch (error) {
      const problem = problemOf(error);
      if (problem.status >= 500)
        desk.log.error('A request failed.', { requestId: ctx.state.requestId, method: ctx.method, path: ctx.path, error });
      const confirmUrl = confirmUrlOf(problem);
      if (confirmUrl !== undefined && !ctx.get('Accept').startsWith('application/json')) {
        ctx.redirect(confirmUrl);
        ctx.status = 303;
        return;
      }
      const retryAfter = problem.details['retryAfter'];
      if (typeof retryAfter === 'number') ctx.set('Retry-After', String(retryAfter));
      else if (problem.status === 503) ctx.set('Retry-After', '5');
      ctx.status = problem.status;
      if (ctx.path.startsWith('/api/') || ctx.get('Accept').startsWith('application/json')) answerProblem(desk, ctx, problem);
      else await renderError(ctx, problem);
    }
  };
}

export function problemOf(error: unknown): Problem {
  if (error instanceof AppError) return { status: error.status, code: error.code, details: error.details };
  // URIError comes from a malformed address: the client's mistake.
  if (error instanceof URIError) return { status: 400, code: 'http.bad-address', details: {} };
  return { status: 500, code: 'http.fault', details: {} };
}

/** RFC 9457 problem details. */
function answerProblem(desk: Desk, ctx: Context, problem: Problem): void {
  const translator = ctx.state.translator ?? desk.translatorFor(null);
  ctx.type = 'application/problem+json';
  ctx.body = JSON.stringify({
    type: `about:blank#${problem.code}`,
    title: problemText(translator, problem) || STATUS_CODES[problem.status],
    status: problem.status,
    code: problem.code,
    ...(problem.status === 500 ? { requestId: ctx.state.requestId } : {}),
    ...problem.details,
  });
}

/** The sentence people read: of the code, else of the status. */
export function problemText(
  translator: { t(key: string, params?: Readonly<Record<string, unknown>>): string; has(key: string): boolean },
  problem: Problem,
): string {
  const key = `errors.${problem.code}`;
  if (translator.has(key)) return translator.t(key, problem.details);
  const { message } = problem.details;
  return typeof message === 'string' ? message : translator.t(`errors.status.${problem.status}`);
}
