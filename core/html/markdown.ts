import type { MarkdownIt, Token } from 'markdown-it';
import { escapeHtml } from './html-tree.ts';

let parser: MarkdownIt | undefined;

/**
 * Renders Markdown (CommonMark with tables) for a part of a page: HTML in it is text, headings begin at the third level,
 * and links lead out or are text, because files beside the source have no address here.
 */
export async function markdownToHtml(markdown: string): Promise<string> {
  parser ??= await createParser();
  return parser.render(markdown);
}

// Loaded with the first text: a desk that starts has none to show.
async function createParser(): Promise<MarkdownIt> {
  const { default: Parser } = await import('markdown-it');
  const created = new Parser('default', { html: false, linkify: true });
  // Pictures lie beside the text, where no page shows them from.
  created.renderer.rules['image'] = (tokens, index) => escapeHtml(tokens[index]?.content ?? '');
  created.core.ruler.push('within-a-page', ({ tokens }) => {
    for (const token of tokens) {
      if (token.type === 'heading_open' || token.type === 'heading_close') token.tag = `h${Math.min(6, Number(token.tag.slice(1)) + 2)}`;
      if (token.children !== null) token.children = withoutOwnLinks(token.children);
    }
  });
  return created;
}

function withoutOwnLinks(children: readonly Token[]): Token[] {
  let isOutside = true;
  return children.filter((child) => {
    if (child.type === 'link_open') isOutside = /^(?:https?|mailto):/i.test(String(child.attrGet('href')));
    return isOutside || (child.type !== 'link_open' && child.type !== 'link_close');
  });
}
