import type { Tx } from './storage/index.ts';
import type { Actor } from './users/index.ts';

/** A link that a plugin adds to one of the areas. */
export interface MenuItem {
  readonly area: 'portal' | 'desk' | 'admin';
  /** Catalog key of the label. */
  readonly label: string;
  readonly href: string;
  readonly icon?: string;
  readonly permission?: string;
  /** For the admin area: which group it belongs to. */
  readonly group?: 'mail' | 'people' | 'portal' | 'system';
}

/** A command of the `helpdesk` command line, such as `mailbox add`. */
export interface CliCommand {
  readonly name: string;
  /** One sentence for `--help`. */
  readonly summary: string;
  /** Arguments and options as they are typed, such as `--address <address>`. */
  readonly usage: string;
  /** Runs the command. What it returns is printed: objects as a table or, with `--json`, as JSON. */
  run(invocation: CliInvocation): Promise<unknown>;
}

export interface CliInvocation {
  readonly args: readonly string[];
  /** `--name value` as strings, `--flag` as true. */
  readonly options: Readonly<Record<string, string | true>>;
  readonly actor: Actor;
  readonly stdin: NodeJS.ReadableStream;
  /** Progress and remarks for people; silent with `--json`. */
  say(line: string): void;
}

export interface HealthCheck {
  readonly id: string;
  readonly status: 'good' | 'warn' | 'bad';
  /** Catalog key, or a plain sentence. */
  readonly text: string;
  readonly params?: Readonly<Record<string, string | number>>;
}

/** Whom a privacy request is about: one customer of the desk. */
export interface PrivacySubject {
  readonly userId: number;
  /** All addresses of the person, as they were typed. */
  readonly emails: readonly string[];
  /** Tickets the person asked for. */
  readonly ticketIds: readonly number[];
}

/** How a plugin answers when somebody asks for their data, or asks that it be erased. */
export interface PrivacyAnswer<T extends Tx = Tx> {
  /** Everything the plugin stores about the person, as plain data by a name for each kind. */
  export(person: PrivacySubject): Promise<Readonly<Record<string, readonly object[]>>>;
  /**
   * Removes or blanks what tells who the person is, in the transaction that does so in core. Rows that
   * others count on stay. Files to delete from disk are deleted after the commit (`tx.afterCommit`).
   */
  erase(tx: T, person: PrivacySubject): Promise<void>;
}

declare module './kernel/contributions.ts' {
  interface Contributions {
    readonly menu: MenuItem;
    readonly cli: CliCommand;
    readonly health: { check(): Promise<readonly HealthCheck[]> };
    readonly privacy: PrivacyAnswer;
    readonly doctor: { readonly id: string; check(): Promise<readonly string[]> };
  }
}
