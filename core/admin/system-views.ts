import type { Timestamp } from '../kernel/clock.ts';
import type { PagingView, Sentence } from '../ui/types.ts';
import type { RivalsView, TemplateSourceView } from './theme-files.ts';
import type { Health } from './views.ts';

/* Plugins, themes and the system's health. */

export type PluginState = 'on' | 'off' | 'failed' | 'quarantined' | 'incompatible' | 'upgrading' | 'missing' | 'leftover';

/** `admin/plugins` */
export interface PluginListView {
  readonly query: string;
  readonly filter: 'all' | 'on' | 'off' | 'attention';
  /** Frozen by helpdesk.config.ts: everything is read-only. */
  readonly pinned: boolean;
  readonly mayInstall: boolean;
  /** Present when new code waits for it. */
  readonly restart?: { readonly byItself: boolean } | undefined;
  readonly safeMode: boolean;
  /** This administrator leaves plugins out of their own requests. */
  readonly safeSession: boolean;
  readonly plugins: readonly PluginRowView[];
  readonly counts: { readonly all: number; readonly on: number; readonly off: number; readonly attention: number };
}

export interface PluginRowView {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly version: string;
  readonly author?: string | undefined;
  readonly state: PluginState;
  readonly problem?: string | undefined;
  readonly bundled: boolean;
  readonly settingsUrl?: string | undefined;
  readonly mayToggle: boolean;
  /** What it cost over all processes of the last day. */
  readonly cost?: { readonly calls: number; readonly pageShare: number | undefined } | undefined;
}

export interface PluginCostView {
  readonly calls: number;
  /** Percent of the time of all pages. */
  readonly pageShare: number | undefined;
  readonly queries: number;
  readonly queryMs: number;
  readonly jobMs: number;
  readonly works: readonly {
    readonly kind: string;
    readonly place: string;
    readonly calls: number;
    readonly faults: number;
    readonly totalMs: number;
    readonly maxMs: number;
    readonly p95: number | undefined;
  }[];
}

export interface PluginFaultView {
  readonly at: Timestamp;
  readonly place: string;
  readonly times: number;
  readonly text: string;
  /** Everything its author needs, as plain text. */
  readonly report: string;
}

/** `admin/plugin` */
export interface PluginPageView {
  readonly plugin: PluginRowView;
  /** A SafeString made from its README. */
  readonly readme?: unknown;
  readonly source: string;
  readonly checksum: string;
  readonly requires: readonly { readonly id: string; readonly met: boolean }[];
  readonly dependents: readonly string[];
  readonly uses: readonly Sentence[];
  readonly hooks: readonly {
    readonly name: string;
    readonly kind: string;
    /** Left out for a minute, because it kept failing. */
    readonly skipped: boolean;
  }[];
  readonly registrations: { readonly slots: readonly string[]; readonly routes: readonly string[]; readonly jobs: readonly string[] };
  readonly permissions: readonly string[];
  readonly cost?: PluginCostView | undefined;
  readonly faults: readonly PluginFaultView[];
  readonly tables: readonly { readonly name: string; readonly rows: number; readonly bytes: number | undefined }[];
  readonly dataBytes?: number | undefined;
  readonly mayUninstall: boolean;
  /** What it was installed from. */
  readonly origin?: { readonly source: string; readonly sha256: string } | undefined;
  readonly jobs: { readonly waiting: number; readonly failed: number };
  /** What turning it on or off will do, in sentences. */
  readonly consequences: readonly Sentence[];
  /** The form that drops the tables asks for the id to be typed. */
  readonly deletion?: { readonly confirm: string; readonly error?: Sentence | undefined } | undefined;
}

/** `admin/plugin-install`: the upload, and then what it would do. */
export interface PluginInstallView {
  readonly source?: string;
  readonly sha256?: string;
  readonly packedBytes?: number;
  readonly bytes?: number;
  readonly name?: string;
  readonly version?: string | undefined;
  readonly replaces?: string | undefined;
  readonly problems?: readonly string[];
  readonly uses?: readonly Sentence[];
  readonly lists?: readonly { readonly key: string; readonly items: readonly string[] }[];
  /** Where it is installed; absent while nothing was uploaded. */
  readonly action?: string;
  readonly mayInstall?: boolean;
}

/** `admin/themes` */
export interface ThemeListView {
  readonly themes: readonly {
    readonly id: string;
    readonly name: string;
    readonly description: string;
    readonly version: string;
    readonly author?: string | undefined;
    readonly parent?: string | undefined;
    readonly active: boolean;
    readonly screenshotUrl?: string | undefined;
    readonly problems: readonly { readonly level: 'recommendation' | 'warning' | 'error' | 'fatal'; readonly text: string }[];
    readonly mayActivate: boolean;
    readonly mayRemove: boolean;
  }[];
  /** Why another look than the chosen one is shown. */
  readonly trouble?: Sentence | undefined;
  /** Templates that are not used as they are. */
  readonly faults: readonly { readonly text: Sentence; readonly detail: string }[];
  readonly sources: readonly TemplateSourceView[];
  readonly rivals: readonly RivalsView[];
  readonly previewUrl: string;
}

/** `admin/health` */
export interface HealthView {
  readonly health: Health;
  readonly checks: readonly {
    readonly name: Sentence;
    readonly health: Health;
    readonly text: Sentence;
    readonly pluginId?: string | undefined;
    readonly help?: Sentence | undefined;
  }[];
  readonly processes: readonly {
    readonly id: string;
    readonly kind: string;
    readonly host: string;
    readonly startedAt: Timestamp;
    readonly seenAt: Timestamp;
    readonly generation: number;
    /** Serves an older set of plugins than this process. */
    readonly behind: boolean;
    readonly current: boolean;
  }[];
  readonly queue: {
    readonly waiting: number;
    readonly running: number;
    readonly failed: number;
    readonly oldestAt?: Timestamp | undefined;
  };
  readonly outbox: { readonly waiting: number; readonly failed: number; readonly uncertain: number };
}

/** `admin/jobs` */
export interface JobListView {
  readonly filter: 'failed' | 'waiting' | 'running';
  readonly jobs: readonly {
    readonly id: string;
    readonly name: string;
    readonly pluginId?: string | undefined;
    readonly attempts: number;
    readonly at: Timestamp;
    readonly error?: string | undefined;
    readonly mayRetry: boolean;
  }[];
  readonly paging: PagingView;
}

/** `admin/outbox` */
export interface OutboxListView {
  readonly filter: 'failed' | 'waiting' | 'sent';
  readonly mails: readonly {
    readonly id: string;
    readonly to: string;
    readonly subject: string;
    readonly state: 'held' | 'queued' | 'sending' | 'sent' | 'failed' | 'uncertain';
    readonly attempts: number;
    readonly at: Timestamp;
    readonly nextAttemptAt?: Timestamp | undefined;
    readonly error?: string | undefined;
    readonly ticketNumber?: number | undefined;
    readonly mayRetry: boolean;
  }[];
  readonly paging: PagingView;
}
