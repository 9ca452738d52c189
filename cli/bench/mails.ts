import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { systemActor, type App } from '@helpdesk/core/operator';
import { figuresOf, type Figures } from './load.ts';
import { runProcess } from './processes.ts';

/** Mails of one replay on the floor: as many as the import stores at once. */
export const mailsPerRun = 50;
const senders = 97;

/** A plain mail of a customer; the same number makes the same mail. */
export function mailText(n: number): string {
  const head = [
    `From: Customer ${n % senders} <c${n % senders}@example.org>`,
    'To: support@example.com',
    `Subject: Order ${100_000 + n}`,
    `Message-ID: <bench-${100_000 + n}@example.org>`,
    'Date: Mon, 05 Jan 2026 09:00:00 +0000',
    'Content-Type: text/plain; charset=utf-8',
  ];
  return `${head.join('\r\n')}\r\n\r\nWhere is my order ${100_000 + n}?\r\n`;
}

/** Whether this desk can import mails. */
export function canImport(app: App): boolean {
  return app.plugins.snapshot.all('cli').some(({ value }) => value.name === 'mail import');
}

/** Makes every sender known, so that all later mails cost the same. */
export async function introduceSenders(app: App, folder: string): Promise<void> {
  await importHere(app, writeMails(folder, { from: 0, count: senders }));
}

/** Imports the next mails in this process. */
export async function importRun(app: App, folder: string, run: number): Promise<void> {
  await importHere(app, writeMails(folder, { from: senders + run * mailsPerRun, count: mailsPerRun }));
}

/**
 * Imports `count` mails with the command, in a process of its own, as an operator does. Timed is from the first
 * to the last mail by the desk's own record, and each mail by its distance from the one before.
 */
export async function timeImport(
  { folder, count, command, env }: { folder: string; count: number; command: string; env: Readonly<Record<string, string | undefined>> },
  receivedAt: () => Promise<readonly number[]>,
): Promise<Figures> {
  const before = (await receivedAt()).length;
  await runProcess([command, 'mail', 'import', writeMails(folder, { from: 500_000, count })], env);
  const times = (await receivedAt()).slice(before);
  const gaps = times.slice(1).map((at, index) => at - (times[index] ?? at));
  return figuresOf(gaps, (times.at(-1) ?? 0) - (times[0] ?? 0));
}

async function importHere(app: App, folder: string): Promise<void> {
  const command = app.plugins.snapshot.all('cli').find(({ value }) => value.name === 'mail import');
  await command?.value.run({ args: [folder], options: {}, actor: systemActor, stdin: process.stdin, say: () => undefined });
}

function writeMails(parent: string, { from, count }: { readonly from: number; readonly count: number }): string {
  const folder = path.join(parent, `mails-${from}`);
  mkdirSync(folder, { recursive: true });
  for (let n = from; n < from + count; n += 1) writeFileSync(path.join(folder, `${String(n).padStart(7, '0')}.eml`), mailText(n));
  return folder;
}
