/** Reads mails, as whoever receives them does. */
export interface MailParser {
  /** Reads one mail; rejects when nobody could. */
  parse(raw: Uint8Array): Promise<unknown>;
  /** The same by the library alone that it is built on; to measure what the rest costs. */
  parseBare(raw: Uint8Array): Promise<unknown>;
}

declare module '../kernel/hook-map.ts' {
  interface Services {
    /** Reads a mail that is kept nowhere: for measuring. */
    'mail.parser': MailParser;
  }
}
