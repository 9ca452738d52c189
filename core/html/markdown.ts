import MarkdownIt from 'markdown-it';
import { escapeHtml } from './html-tree.ts';

const parser = new MarkdownIt('default', { html: false, linkify: true });
// Pictures lie beside the text, where no page shows them from.
parser.renderer.rules['image'] = (tokens, index) => escapeHtml(tokens[index]?.content ?? '');
parser.core.ruler.push('within-a-page', ({ tokens }) => {
  for (const token of tokens) {
    if (token.type === 'heading_open' || token.type === 'heading_close') token.tag = `h${Math.min(6, Number(token.tag.slice(1)) + 2)}`;
    if (token.children !== null) token.children = withoutOwnLinks(token.children);
  }
});

/**
 * Renders Markdown (CommonMark with tables) for a part of a page: HTML in it is text, headings begin at the third level,
 * and links lead out or are text, because files beside the source have no address here.
 */
export function markdownToHtml(markdown: string): string {
  return parser.render(markdown);
}

type Token = ReturnType<typeof parser.parse>[number];

function withoutOwnLinks(children: readonly Token[]): Token[] {
  let isOutside = true;
  return children.filter((child) => {
    if (child.type === 'link_open') isOutside = /^(?:https?|mailto):/i.test(String(child.attrGet('href')));
    return isOutside || (child.type !== 'link_open' && child.type !== 'link_close');
  });
}
