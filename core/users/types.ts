import type { Timestamp } from '../kernel/clock.ts';

export interface Role {
  readonly id: number;
  readonly key: string;
  readonly name: string;
  readonly kind: 'agent' | 'customer';
  readonly permissions: readonly string[];
  readonly isBuiltin: boolean;
  readonly version: number;
}

export interface UserEmail {
  readonly id: number;
  readonly email: string;
  readonly isPrimary: boolean;
  readonly confirmedAt: Timestamp | null;
  readonly suppressedAt: Timestamp | null;
}

/** Which notices a person wants, by kind. */
export interface NotificationPreference {
  readonly inApp: boolean;
  readonly byMail: boolean;
}

export interface Preferences {
  readonly undoSeconds?: number;
  readonly singleKeyShortcuts?: boolean;
  readonly signature?: string;
  /** Where solving or closing a ticket leads; default: it stays. */
  readonly afterClose?: 'next' | 'list' | 'stay';
  readonly density?: 'comfortable' | 'compact';
  readonly notifications?: Readonly<Record<string, NotificationPreference>>;
}

export interface User {
  readonly id: number;
  readonly name: string;
  /** The primary address; null for somebody known only by name. */
  readonly email: string | null;
  readonly role: {
    readonly id: number;
    readonly key: string;
    readonly name: string;
    readonly kind: 'agent' | 'customer';
    readonly permissions: readonly string[];
  };
  readonly organizationId: number | null;
  readonly locale: string | null;
  readonly timeZone: string | null;
  readonly colorScheme: 'system' | 'light' | 'dark';
  readonly hasPassword: boolean;
  readonly isActive: boolean;
  readonly notes: string | null;
  readonly preferences: Preferences;
  readonly version: number;
  readonly createdAt: Timestamp;
  readonly lastSeenAt: Timestamp | null;
  readonly deletedAt: Timestamp | null;
}

export interface Organization {
  readonly id: number;
  readonly name: string;
  readonly domains: readonly string[];
  readonly notes: string | null;
  readonly version: number;
  readonly createdAt: Timestamp;
}
