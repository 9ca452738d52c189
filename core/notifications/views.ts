import type { Timestamp } from '../kernel/clock.ts';
import type { PagingView, PersonView, Sentence } from '../ui/types.ts';

/** `notifications/list` */
export interface NotificationListView {
  readonly unread: number;
  readonly items: readonly NotificationView[];
  readonly paging: PagingView;
}

export interface NotificationView {
  readonly id: string;
  readonly icon: string;
  readonly actor?: PersonView | undefined;
  readonly text: Sentence;
  readonly subject?: string | undefined;
  readonly href: string;
  readonly at: Timestamp;
  readonly unread: boolean;
}
