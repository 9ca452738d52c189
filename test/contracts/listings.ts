import { readFileSync } from 'node:fs';
import path from 'node:path';

const repository = path.resolve(import.meta.dirname, '../../..');

/** One fenced block of a document: its language, what to do with it (`run`, `file=<name>`, `output`, or nothing), its text. */
export interface Listing {
  readonly language: string;
  readonly action: string;
  readonly body: string;
}

/** The fenced blocks of a document of this repository, in order. */
export function listingsOf(document: string): readonly Listing[] {
  const text = readFileSync(path.join(repository, document), 'utf8');
  return [...text.matchAll(/^```(\S+)(?: (\S+))?\n([\s\S]*?)^```$/gm)].map(([, language = '', action = '', body = '']) => ({
    language,
    action,
    body,
  }));
}
