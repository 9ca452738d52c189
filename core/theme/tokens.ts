/** The two looks of every page. */
export type Scheme = 'light' | 'dark';
/** Values of custom properties by name, for one scheme. */
export type Tokens = ReadonlyMap<string, string>;

interface Declaration {
  readonly name: string;
  readonly value: string;
  /** The selectors and at-rules around it, outermost first. */
  readonly around: readonly string[];
}

/** The custom properties that stylesheets give the page, later ones winning; rules for one scheme win over those for both. */
export function readTokens(stylesheets: readonly string[], scheme: Scheme): Tokens {
  const tokens = new Map<string, string>();
  for (const stylesheet of stylesheets) {
    const declared = declarationsOf(stylesheet).map((one) => ({ ...one, scheme: schemeOf(one.around) }));
    for (const wanted of ['both', scheme])
      for (const { name, value } of declared.filter((one) => one.scheme === wanted)) tokens.set(name, value);
  }
  return tokens;
}

/** The value of a token with `var()` and `light-dark()` replaced; undefined when a name is missing or goes in a circle. */
export function resolveToken(tokens: Tokens, name: string, scheme: Scheme): string | undefined {
  const value = tokens.get(name);
  return value === undefined ? undefined : resolveValue(tokens, value, scheme, 0);
}

function resolveValue(tokens: Tokens, value: string, scheme: Scheme, depth: number): string | undefined {
  const call = /(?:^|[^\w-])(var|light-dark)\(/.exec(value);
  if (call === null) return value.trim();
  if (depth > 50) return undefined;
  const start = call.index + call[0].length;
  const end = closingOf(value, start);
  if (end === undefined) return undefined;
  const [first = '', second] = splitTop(value.slice(start, end));
  const chosen = call[1] === 'var' ? (tokens.get(first) ?? second) : scheme === 'light' ? first : second;
  if (chosen === undefined) return undefined;
  const before = value.slice(0, start - `${call[1]}(`.length);
  return resolveValue(tokens, `${before}${chosen}${value.slice(end + 1)}`, scheme, depth + 1);
}

function closingOf(text: string, start: number): number | undefined {
  let open = 1;
  for (let at = start; at < text.length; at++) {
    if (text[at] === '(') open++;
    if (text[at] === ')' && --open === 0) return at;
  }
  return undefined;
}

function splitTop(text: string): string[] {
  let open = 0;
  for (const [at, letter] of text.split('').entries()) {
    if (letter === '(') open++;
    if (letter === ')') open--;
    if (letter === ',' && open === 0) return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
  }
  return [text.trim()];
}

/** Stylesheet text without its comments, on the same lines. */
export function withoutComments(css: string): string {
  return css.replaceAll(/\/\*[\s\S]*?\*\//g, (comment) => comment.replaceAll(/[^\n]/g, ' '));
}

function declarationsOf(css: string): Declaration[] {
  const around: string[] = [];
  const found: Declaration[] = [];
  for (const [, text = '', mark] of withoutComments(css).matchAll(/([^{};]*)([{};]|$)/g)) {
    if (mark === '{') around.push(text.trim());
    else {
      const declared = /^\s*(--[\w-]+)\s*:([\s\S]*)$/.exec(text);
      if (declared !== null) found.push({ name: declared[1] ?? '', value: (declared[2] ?? '').trim(), around: [...around] });
      if (mark === '}') around.pop();
    }
  }
  return found;
}

function schemeOf(around: readonly string[]): Scheme | 'both' | undefined {
  let scheme: Scheme | 'both' = 'both';
  for (const one of around) {
    if (/^@layer\b/.test(one)) continue;
    const isRoot = one.split(',').some((selector) => /^\s*(:root|html)(\[[^\]]*\])*\s*$/.test(selector));
    const named = /(?:data-scheme=|prefers-color-scheme:\s*)["']?(light|dark)/.exec(one)?.[1];
    if (named === 'light' || named === 'dark') scheme = named;
    else if (!isRoot) return undefined;
  }
  return scheme;
}
