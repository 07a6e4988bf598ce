import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Something that an entry point exports. */
export interface Declaration {
  name: string;
  kind: 'function' | 'class' | 'const' | 'interface' | 'type';
  /** Without its comment marks; empty without one. */
  docstring: string;
  /** What users need of the source: a signature without its body, an interface whole. */
  code: string;
}

/**
 * What a module exports, in its order. TypeScript 7 has no compiler API for such a thing (TypeDoc and API Extractor need an
 * older one), so the formatter is taken at its word: a declaration begins at the left margin and ends there.
 */
export function declarationsOf(file: string): Declaration[] {
  const source = readFileSync(file, 'utf8');
  const declarations = new Map<string, Declaration>();
  for (const match of source.matchAll(/^export (type )?(\*|\{[^}]*\}) from '(\.[^']+)';$/gm)) {
    const [, onlyTypes, names = '', from = ''] = match;
    const wanted = names === '*' ? undefined : namesIn(names);
    for (const each of declarationsOf(join(dirname(file), from))) {
      if (wanted ? wanted.has(each.name) : onlyTypes === undefined || isType(each)) declarations.set(each.name, each);
    }
  }
  for (const each of ownDeclarations(source)) {
    // A function may share its name with a type; what it is comes first.
    const known = declarations.get(each.name);
    if (!known || known.kind === 'type') declarations.set(each.name, each);
  }
  return [...declarations.values()];
}

export function isType({ kind }: Declaration): boolean {
  return kind === 'interface' || kind === 'type';
}

function namesIn(braces: string): Set<string> {
  return new Set(braces.match(/\w+(?=\s*[,}])/g));
}

const DECLARATION =
  /(?:^\/\*\*(?<doc>(?:(?!\*\/)[^])*)\*\/\n)?^(?<code>export (?:async )?(?<kind>function|class|const|interface|type) (?<name>\w+)[^]*?(?=^\S)(?:^[})][^\n]*)?)/gm;

function ownDeclarations(source: string): Declaration[] {
  return Array.from(`${source}\n;`.matchAll(DECLARATION), ({ groups = {} }) => {
    const { doc = '', name = '', code = '' } = groups;
    const kind = groups['kind'] as Declaration['kind']; // one of the alternatives above
    return { name, kind, docstring: withoutMarks(doc), code: publicPart(kind, code.trim()) };
  });
}

function withoutMarks(comment: string): string {
  return comment.replace(/^ *\* ?/gm, '').trim();
}

function publicPart(kind: Declaration['kind'], text: string): string {
  const code = text.replace(/^export /, '');
  if (kind === 'const') return code.replace(/ =[^]*$/, ';');
  if (kind === 'class') return withoutBodies(code);
  if (kind !== 'function') return code.replace(/\n {2}\/\*\* @internal[^]*?;(?=\n)/g, '');
  // Up to the brace that opens the body.
  return `${code.replace(/^async /, '').replace(/ \{\n[^]*$/, '')};`;
}

/** The public members of a class: private ones begin with `#`, bodies are indented further. */
function withoutBodies(code: string): string {
  return code
    .replace(/^ {2}(?:static |async |override |readonly )*#[^\n]*\n(?:(?: {4}[^\n]*)?\n)*(?: {2}\}\n)?/gm, '')
    .replace(/ \{\n(?: {4}[^\n]*\n|\n)* {2}\}$/gm, ';')
    .replace(/\n{2,}/g, '\n');
}
