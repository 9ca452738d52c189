import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { App } from '@helpdesk/core/operator';
import { figuresOf, type Figures } from './load.ts';
import { Misused } from '../command.ts';
import { sampleMail } from './sample-mails.ts';

const samples = 300;
const rounds = 3;
const warmUp = 50;

/** Our parser and the library alone that it is built on, on the same mails. */
export interface ParsingFigures {
  readonly mails: number;
  readonly bytes: number;
  readonly bare: Figures;
  readonly ours: Figures;
}

/** The mails of a folder (files that end in .eml, however deep), or samples of what customers write. */
export function mailsToParse(folder: string | undefined): readonly Buffer[] {
  if (folder === undefined) return Array.from({ length: samples }, (_none, n) => sampleMail(n));
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile() && file.name.endsWith('.eml'));
  if (files.length === 0) throw new Misused(`There is no file that ends in .eml in ${folder}.`);
  return files.map(({ parentPath, name }) => readFileSync(path.join(parentPath, name)));
}

/**
 * Measures how fast mails are read; undefined on a desk that takes no mail. Both sides take turns mail by mail, so that
 * whatever else the machine does meets both alike. A mail that cannot be read counts with the time that took.
 */
export async function measureParsing(app: App, mails: readonly Buffer[]): Promise<ParsingFigures | undefined> {
  const parser = app.plugins.services.get('mail.parser');
  if (parser === undefined) return undefined;
  const [bare, ours] = [[], []] as [number[], number[]];
  const parse = { bare: (raw: Buffer) => parser.parseBare(raw), ours: (raw: Buffer) => parser.parse(raw) };
  // What runs for the first time is compiled first, and says nothing of the rest.
  for (const raw of mails.slice(0, warmUp)) for (const side of ['bare', 'ours'] as const) await timed(() => parse[side](raw));
  for (let round = 0; round < rounds; round += 1) {
    for (const [n, raw] of mails.entries()) {
      const order = (n + round) % 2 === 0 ? (['bare', 'ours'] as const) : (['ours', 'bare'] as const);
      for (const side of order) (side === 'bare' ? bare : ours).push(await timed(() => parse[side](raw)));
    }
  }
  const figures = (times: readonly number[]): Figures =>
    figuresOf(
      times,
      times.reduce((sum, one) => sum + one, 0),
    );
  return { mails: mails.length, bytes: mails.reduce((sum, raw) => sum + raw.length, 0), bare: figures(bare), ours: figures(ours) };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const beganAt = performance.now();
  await work().catch(() => undefined);
  return performance.now() - beganAt;
}
