/** HTML with something put around what its body holds, or around all of it when it has no body. */
export function withinBody(html: string, opening: string, closing = ''): string {
  const body = /<body[^>]*>/i.exec(html);
  const start = body === null ? 0 : body.index + body[0].length;
  const end = html.toLowerCase().lastIndexOf('</body');
  const stop = end < start ? html.length : end;
  return `${html.slice(0, start)}${opening}${html.slice(start, stop)}${closing}${html.slice(stop)}`;
}
