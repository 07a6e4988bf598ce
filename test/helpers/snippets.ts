/** A block of code in a document. */
export interface Snippet {
  lang: string;
  code: string;
  /** The file that its first line names, if any. */
  name: string | undefined;
}

/** The blocks of TypeScript in a document, in their order. */
export function snippetsOf(markdown: string): Snippet[] {
  return Array.from(markdown.matchAll(/^```(tsx?)\n([^]*?)^```$/gm), ([, lang = '', code = '']) => ({
    lang,
    code,
    name: /^\/\/ (\S+\.tsx?)$/m.exec(code.split('\n', 1)[0] ?? '')?.[1],
  }));
}
