// The only importer of the Handlebars compiler; requests are served by the runtime.
import Handlebars from 'handlebars';
import { Invalid } from './errors.ts';

export interface TemplateProblem {
  /** `unsafe` templates are refused, `unquoted` is a warning for the checker. */
  readonly kind: 'syntax' | 'unsafe' | 'unquoted';
  readonly line: number;
  readonly message: string;
}

/**
 * Turns a template into JavaScript text for the runtime.
 *
 * @throws Invalid `templates.refused` for text that does not parse, `{{{`, `{{&` and partials with a
 * computed name: those print other people's text unescaped or another partial than the author meant.
 */
export function precompileTemplate(name: string, source: string, knownHelpers: readonly string[]): string {
  const problem = checkTemplate(source).find(({ kind }) => kind !== 'unquoted');
  if (problem !== undefined) {
    throw new Invalid('templates.refused', {
      template: name,
      line: problem.line,
      message: `${name}, line ${problem.line}: ${problem.message}`,
    });
  }
  const compiled: unknown = Handlebars.precompile(source, {
    knownHelpers: Object.fromEntries(knownHelpers.map((helper) => [helper, true])),
    strict: false,
    assumeObjects: false,
    preventIndent: true,
  });
  return String(compiled);
}

/** Everything in a template that is refused or that the checker warns of. */
export function checkTemplate(source: unknown): readonly TemplateProblem[] {
  // An object would be taken for a syntax tree and could bring its own code along.
  if (typeof source !== 'string') throw new TypeError('A template is text.');
  try {
    return [...unsafeParts(Handlebars.parse(source)), ...unquotedAttributes(source)];
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return [{ kind: 'syntax', line: Number(/line (\d+)/.exec(message)?.[1] ?? 1), message }];
  }
}

export interface TemplateName {
  readonly kind: 'helper' | 'partial';
  readonly name: string;
  readonly line: number;
}

/** The helpers and partials that a template names; the text must parse. */
export function templateNames(source: string): readonly TemplateName[] {
  return namesIn(Handlebars.parse(source));
}

function namesIn(tree: unknown): TemplateName[] {
  if (Array.isArray(tree)) return tree.flatMap(namesIn);
  if (typeof tree !== 'object' || tree === null) return [];
  const own = nameOf(tree);
  const below = Object.entries(tree).flatMap(([key, child]) => (key === 'loc' ? [] : namesIn(child)));
  return own === undefined ? below : [own, ...below];
}

function nameOf(node: object): TemplateName | undefined {
  if (!('type' in node)) return undefined;
  if (node.type === 'PartialStatement' || node.type === 'PartialBlockStatement') {
    const name = 'name' in node ? originalOf(node.name) : undefined;
    return name === undefined ? undefined : { kind: 'partial', name, line: lineOf(node) };
  }
  const isCall = node.type === 'SubExpression' || hasArguments(node);
  const name = isCall && 'path' in node ? originalOf(node.path) : undefined;
  return name === undefined ? undefined : { kind: 'helper', name, line: lineOf(node) };
}

// Without arguments a name may be a field of the data.
function hasArguments(node: object): boolean {
  return ('params' in node && Array.isArray(node.params) && node.params.length > 0) || ('hash' in node && hasType(node.hash, 'Hash'));
}

function originalOf(node: unknown): string | undefined {
  return typeof node === 'object' && node !== null && 'original' in node ? String(node.original) : undefined;
}

function unsafeParts(tree: unknown): TemplateProblem[] {
  if (Array.isArray(tree)) return tree.flatMap(unsafeParts);
  if (typeof tree !== 'object' || tree === null) return [];
  const own = unsafeNode(tree);
  const below = Object.entries(tree).flatMap(([key, child]) => (key === 'loc' ? [] : unsafeParts(child)));
  return own === undefined ? below : [own, ...below];
}

function unsafeNode(node: object): TemplateProblem | undefined {
  if (!('type' in node)) return undefined;
  const line = lineOf(node);
  if (node.type === 'MustacheStatement' && 'escaped' in node && node.escaped === false) {
    return { kind: 'unsafe', line, message: 'prints text unescaped; pass safe HTML from a helper instead of {{{ or {{&.' };
  }
  const isPartial = node.type === 'PartialStatement' || node.type === 'PartialBlockStatement';
  if (isPartial && 'name' in node && hasType(node.name, 'SubExpression')) {
    return { kind: 'unsafe', line, message: 'computes the name of a partial; name it.' };
  }
  if (String(node.type).startsWith('Decorator')) return { kind: 'unsafe', line, message: 'uses a decorator.' };
  return undefined;
}

function hasType(node: unknown, type: string): boolean {
  return typeof node === 'object' && node !== null && 'type' in node && node.type === type;
}

function lineOf(node: object): number {
  const loc: unknown = 'loc' in node ? node.loc : undefined;
  const start: unknown = typeof loc === 'object' && loc !== null && 'start' in loc ? loc.start : undefined;
  return typeof start === 'object' && start !== null && 'line' in start ? Number(start.line) : 1;
}

// Escaping protects text and quoted attributes only: a space ends an unquoted one.
function unquotedAttributes(source: string): TemplateProblem[] {
  return [...source.matchAll(/<[a-z][^<>]*?\s[\w:-]+=(?=\{\{)/gi)].map(({ index, 0: tag }) => ({
    kind: 'unquoted',
    line: source.slice(0, index + tag.length).split('\n').length,
    message: 'puts a value into an attribute without quotes.',
  }));
}
