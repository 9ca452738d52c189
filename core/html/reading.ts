// What reads and writes HTML without cleaning it: small enough for a thread of a plugin, which loads it as `@helpdesk/core/html`.
export {
  escapeHtml,
  holdsPicture,
  readHtmlTree,
  serialize,
  setAttribute,
  textOf,
  walk,
  withoutElements,
  type HtmlElement,
  type HtmlNode,
} from './html-tree.ts';
export { htmlToText } from './html-to-text.ts';
export { textWithLinks, textToHtml } from './text-to-html.ts';
