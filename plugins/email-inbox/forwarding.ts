import { readAddresses, type MailAddress } from './addresses.ts';
import { headerRole, isForwardMark, isOriginalMark, isRule } from './quoting-marks.ts';

/** A message that stands inside another one's text: what is above it, the block from its first field on, and who wrote it. */
export interface ForwardedBlock {
  readonly before: string;
  readonly block: string;
  readonly from: MailAddress | undefined;
}

const maxScan = 500_000;

/** Finds the first header block in a text, also inside `>` marks, as forwarding mail programs write it (mail.md W1). */
export function readForwarded(text: string): ForwardedBlock | undefined {
  const lines = text.slice(0, maxScan).split(/\r?\n/);
  const plain = lines.map((line) => line.slice(0, 500).replace(/^(?:\s{0,3}>){1,8}\s?/, ''));
  const start = plain.findIndex((_line, index) => startsBlock(plain, index));
  if (start < 0) return undefined;

  const isMarked = /^\s{0,3}>/.test(lines[start] ?? '');
  const block = (isMarked ? lines.map((line) => line.replace(/^\s{0,3}>\s?/, '')) : lines).slice(start).join('\n').trim();
  let end = start;
  while (end > 0 && isLead(plain[end - 1] ?? '')) end -= 1;
  const sender = plain.slice(start, start + 8).find((line) => headerRole(line) === 'from') ?? '';
  return {
    before: lines.slice(0, end).join('\n').trim(),
    block,
    from: readAddresses(
      sender
        .slice(sender.search(/[:：]/) + 1)
        .replaceAll('*', '')
        .replace(/\[mailto:([^\]]{1,200})\]/i, '<$1>'),
    )[0],
  };
}

function startsBlock(lines: readonly string[], at: number): boolean {
  if (headerRole(lines[at] ?? '') === undefined) return false;
  const end = lines.findIndex((line, index) => index > at && line.trim() === '');
  const roles = new Set(
    lines
      .slice(at, Math.min(at + 6, end < 0 ? lines.length : end))
      .map(headerRole)
      .filter((role) => role !== undefined && role !== 'other'),
  );
  // Thunderbird names the subject first, and others the date.
  return roles.size >= 2 && roles.has('from');
}

function isLead(line: string): boolean {
  return line.trim() === '' || isForwardMark(line) || isOriginalMark(line) || isRule(line);
}
