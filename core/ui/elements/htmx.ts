import bundled from 'htmx.org';

/** The calls of htmx that our elements use; the rest of it works through attributes. */
interface Htmx {
  ajax(method: 'GET' | 'POST', url: string, options: { target: string; select?: string; swap?: string }): Promise<unknown>;
  process(element: Element): void;
}

export const htmx: Htmx = bundled;
