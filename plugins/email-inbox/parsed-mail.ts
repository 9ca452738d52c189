import type { MailAddress } from './addresses.ts';
import type { MailHeader } from './header.ts';
import type { TnefContent } from './tnef.ts';

/** A file of a mail: `filename` is cleaned for display, `contentId` has no brackets, `size` is in bytes. */
export interface MailAttachment {
  readonly filename: string;
  readonly contentType: string;
  readonly contentId: string | undefined;
  readonly isInline: boolean;
  readonly size: number;
  readonly sha256: string;
  readonly content: Uint8Array;
}

/** A message carried inside a mail, as message/rfc822 or as its header alone (text/rfc822-headers). */
export interface NestedMessage {
  readonly headers: readonly MailHeader[];
  readonly raw: Uint8Array;
}

/** A machine-readable part of a multipart/report (RFC 6522): its groups of fields, in order. */
export interface ReportPart {
  readonly contentType: string;
  readonly groups: readonly (readonly MailHeader[])[];
}

export type Anomaly =
  | 'unreadable-structure'
  | 'bare-cr'
  | 'no-from'
  | 'several-from'
  | 'ambiguous-from'
  | 'no-message-id'
  | 'no-date'
  | 'repeated-header'
  | 'several-filenames'
  | 'too-many-attachments'
  | 'broken-multipart'
  | 'empty';

/** A mail as the pipeline sees it. `text` is always present, made from the HTML when there is no plain part. */
export interface ParsedMail {
  readonly headers: readonly MailHeader[];
  readonly contentType: string;
  readonly reportType: string | undefined;
  readonly subject: string;
  readonly from: readonly MailAddress[];
  readonly sender: readonly MailAddress[];
  readonly replyTo: readonly MailAddress[];
  readonly to: readonly MailAddress[];
  readonly cc: readonly MailAddress[];
  readonly messageId: string | undefined;
  readonly inReplyTo: readonly string[];
  readonly references: readonly string[];
  readonly date: Date | undefined;
  readonly text: string;
  readonly hasPlainText: boolean;
  readonly html: string | undefined;
  readonly attachments: readonly MailAttachment[];
  readonly reports: readonly ReportPart[];
  readonly calendarMethod: string | undefined;
  readonly nested: readonly NestedMessage[];
  readonly tnef: TnefContent | undefined;
  /** What looks like a mark of this desk in the body, each once and unproven (`body-marks.ts`). */
  readonly marks: readonly string[];
  readonly anomalies: readonly Anomaly[];
}
