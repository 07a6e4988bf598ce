import { compileFunction } from 'node:vm';
import { transformWithOxc } from 'vite';

/**
 * Runs the code of a document as it stands there, with modules of the test in the place of what it imports.
 * @param name of the function that is returned, whether it is exported or not
 * @throws if it imports anything else
 */
export async function runSnippet(
  code: string,
  modules: Readonly<Record<string, unknown>>,
  name: string,
): Promise<unknown> {
  const jsx = { runtime: 'automatic', development: false } as const;
  const { code: module } = await transformWithOxc(code, 'snippet.tsx', { jsx });
  const body = module
    .replace(/^import \{([^}]*)\} from ["']([^"']+)["'];?$/gm, (_, names: string, from: string) => {
      if (!Object.hasOwn(modules, from)) throw new Error(`The snippet imports ${from}.`);
      return `const {${names.replaceAll(' as ', ': ')}} = modules['${from}'];`;
    })
    .replace(/^export (?=(?:async )?function|const)/gm, '');
  const run = compileFunction(`${body}\nreturn ${name};`, ['modules']) as (given: typeof modules) => unknown;
  return run(modules);
}
