/** Joins the soft line breaks of format=flowed text and removes its space stuffing (RFC 3676 section 4). */
export function unflow(text: string, deletesSpace: boolean): string {
  const output: string[] = [];
  let open: { depth: number; pieces: string[] } | undefined;
  const close = (): void => {
    if (open) output.push(`${'>'.repeat(open.depth)}${open.depth > 0 ? ' ' : ''}${open.pieces.join('')}`);
    open = undefined;
  };
  for (const line of text.split(/\r?\n/)) {
    const depth = quoteDepth(line);
    const content = line.slice(depth).replace(/^ /, '');
    const isSoft = content.endsWith(' ') && content !== '-- ';
    if (open && open.depth !== depth) close();
    if (content === '-- ') close();
    open ??= { depth, pieces: [] };
    open.pieces.push(isSoft && deletesSpace ? content.slice(0, -1) : content);
    if (!isSoft) close();
  }
  close();
  return output.join('\n');
}

function quoteDepth(line: string): number {
  let depth = 0;
  while (line[depth] === '>') depth += 1;
  return depth;
}
