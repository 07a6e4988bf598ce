/** A block of code in a document. */
export interface Snippet {
  lang: string;
  code: string;
  /** The file that its first line names, if it does. */
  name: string | undefined;
}

/** The blocks of a document's TypeScript, in their order. */
export function snippetsOf(markdown: string): Snippet[] {
  return Array.from(markdown.matchAll(/^```(tsx?)\n([^]*?)^```$/gm), ([, lang = '', code = '']) => ({
    lang,
    code,
    name: /^\/\/ (\S+\.tsx?)$/m.exec(code.split('\n', 1)[0] ?? '')?.[1],
  }));
}
