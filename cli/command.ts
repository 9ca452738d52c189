import type { Readable } from 'node:stream';
import type { App, Clock, Config } from '@helpdesk/core/operator';

/** Where a command reads and writes; tests pass their own. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly clock: Clock;
  readonly stdin: Readable;
  out(text: string): void;
  err(text: string): void;
  /** Whether progress on stderr is seen by a person. */
  readonly isTerminal: boolean;
}

export interface Option {
  /** Present: the option takes a value, shown as this word in the help. */
  readonly value?: string;
  readonly help: string;
  readonly isRequired?: boolean;
}

export interface Invocation {
  readonly io: Io;
  readonly args: readonly string[];
  /** Values of options with one; flags are `true`. */
  readonly options: Readonly<Record<string, string | true>>;
  readonly config: Config;
  /** The desk, opened on first use and closed after the command. */
  desk(how?: { readonly isPassive?: boolean; readonly isStarted?: boolean }): Promise<App>;
  /** A remark for people; silent with `--json`. */
  say(line: string): void;
  /** Overwrites one line on a terminal; silent elsewhere. */
  progress(line: string): void;
}

export interface Command {
  /** Such as `user create`. */
  readonly name: string;
  readonly summary: string;
  /** Arguments without a name, such as `<id>`; those in brackets may be left out. */
  readonly args?: readonly string[];
  readonly options?: Readonly<Record<string, Option>>;
  /** What it returns is printed: texts as they are, objects as lines or a table, or JSON with `--json`. */
  run(invocation: Invocation): Promise<unknown>;
}

/** Wrong usage: exit code 2. */
export class Misused extends Error {}

/** The command did its work and the answer is bad: the value is printed, the sentence goes to stderr, exit code 1. */
export class Failed extends Error {
  readonly value: unknown;

  constructor(sentence: string, value?: unknown) {
    super(sentence);
    this.value = value;
  }
}
