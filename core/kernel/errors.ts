export type ErrorDetails = Readonly<Record<string, unknown>>;

/**
 * The only errors that people are shown; every other throw is a fault. `code` is stable and
 * dotted (`tickets.not-found`), and the text people read is the translation of `messageKey`.
 */
export abstract class AppError extends Error {
  /** The HTTP status this error answers with. */
  abstract readonly status: number;
  readonly code: string;
  readonly messageKey: string;
  readonly details: ErrorDetails;

  constructor(code: string, details: ErrorDetails = {}, options?: { readonly cause?: unknown }) {
    super(describe(code, details), options);
    this.code = code;
    this.messageKey = `errors.${code}`;
    this.details = details;
    this.name = new.target.name;
  }
}

/** The input has the wrong shape or values; `details.fields` may name them. */
export class Invalid extends AppError {
  readonly status = 422;
}

/** Nobody is signed in, or the credentials are wrong. */
export class Unauthenticated extends AppError {
  readonly status = 401;
}

/** The actor is known and may not do this. */
export class Forbidden extends AppError {
  readonly status = 403;
}

/** The thing does not exist, or the actor may not know that it does. */
export class NotFound extends AppError {
  readonly status = 404;
}

/** The address exists, and not for this method. */
export class NotAllowed extends AppError {
  readonly status = 405;
}

/** The state has moved on since the caller looked at it. */
export class Conflict extends AppError {
  readonly status = 409;
}

/** A rule or a plugin refuses an otherwise well-formed request. */
export class Refused extends AppError {
  readonly status = 422;
}

/** A rate limit was reached; `details.retryAfter` is in seconds. */
export class TooMany extends AppError {
  readonly status = 429;
}

/** The desk cannot do this now; trying later makes sense. */
export class Unavailable extends AppError {
  readonly status = 503;
}

// The developer's text: `details.message` when the thrower gave a sentence, else the code.
function describe(code: string, details: ErrorDetails): string {
  return typeof details['message'] === 'string' ? `${code}: ${details['message']}` : code;
}
