/** The rules of mail.md section 2 that find a ticket; `memory` is what an agent said before. */
export type ThreadRule =
  | 'token'
  | 'reply-id'
  | 'rewritten-id'
  | 'shared-reference'
  | 'body-mark'
  | 'subject-number'
  | 'thread-index'
  | 'memory';

/** Why a ticket that was found was not joined. */
export type ThreadRefusal = 'forged' | 'forward' | 'trash' | 'closed' | 'stranger' | 'old' | 'spam';

/** One thing that was looked at: what the mail said, which ticket that names, and what came of it. */
export interface ThreadStep {
  readonly rule: ThreadRule;
  /** What in the mail was read, such as a Message-ID. */
  readonly evidence: string;
  readonly ticketId?: number;
  readonly outcome: 'chosen' | 'hint' | 'refused';
  readonly refusal?: ThreadRefusal;
}

/** What is stored with a mail: the rule that decided, or `new` and `related` when the mail opened a ticket. */
export interface ThreadDecision {
  readonly reason: ThreadRule | 'new' | 'related';
  readonly ticketId?: number;
  readonly steps: readonly ThreadStep[];
}

/** The decision for a mail to the address that an agent's notification of one ticket carried. */
export function byOwnToken(ticketId: number, address: string): ThreadDecision {
  return { reason: 'token', ticketId, steps: [{ rule: 'token', evidence: address, outcome: 'chosen', ticketId }] };
}

const longestEvidence = 200;

/** Gathers what was looked at while a ticket is sought. */
export class ThreadLog {
  readonly #steps: ThreadStep[] = [];

  note(step: ThreadStep): void {
    this.#steps.push({ ...step, evidence: step.evidence.slice(0, longestEvidence) });
  }

  /** A ticket named by a rule is refused after all. */
  refuse(rule: ThreadRule, refusal: ThreadRefusal): void {
    const at = this.#steps.findIndex((step) => step.rule === rule && step.outcome === 'chosen');
    const step = this.#steps[at];
    if (step !== undefined) this.#steps[at] = { ...step, outcome: 'refused', refusal };
  }

  /** What a rule chose is only noted, because an agent said otherwise. */
  overrule(): void {
    const at = this.#steps.findIndex((step) => step.outcome === 'chosen');
    const step = this.#steps[at];
    if (step !== undefined) this.#steps[at] = { ...step, outcome: 'hint' };
  }

  decided(reason: ThreadDecision['reason'], ticketId?: number): ThreadDecision {
    return { reason, ...(ticketId === undefined ? {} : { ticketId }), steps: this.#steps };
  }
}
