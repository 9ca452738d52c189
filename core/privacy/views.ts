import type { FormErrorsView, PersonView } from '../ui/types.ts';

/** `privacy/customer`: what is handed out and erased for one customer. */
export interface PrivacyView {
  readonly customer: PersonView;
  /** What must be typed to erase them: their address, or their name without one. */
  readonly confirm: string;
  /** Plugins with data that cannot be asked. */
  readonly silent: readonly string[];
  readonly errors?: FormErrorsView | undefined;
}
