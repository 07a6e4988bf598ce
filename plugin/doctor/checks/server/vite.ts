import { type Check, fail, ok } from '../../check.ts';
import type { ViteFacts } from '../../installation.ts';

/** The oldest version of each line without the known security holes, as in `peerDependencies`. */
const OLDEST: Readonly<Record<number, string>> = { 5: '5.4.21', 6: '6.4.6', 7: '7.3.8', 8: '8.0.16' };

export function viteCheck({ version }: ViteFacts): Check {
  return {
    id: 'server.vite',
    group: 'server',
    title: 'Vite is a version that is supported',
    run() {
      const oldest = OLDEST[Number.parseInt(version, 10)];
      if (oldest !== undefined && !isOlder(version, oldest)) return ok(`Vite ${version}.`);
      return fail(
        `Vite ${version} is not supported.`,
        oldest === undefined
          ? 'Use Vite 5 to 8.'
          : `Use Vite ${oldest} or later: dev servers before it answer requests that they must not answer.`,
        'npm install vite@latest',
      );
    },
  };
}

function isOlder(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => text.split('.', 3).map((part) => Number.parseInt(part, 10)));
  for (const [index, part] of (a ?? []).entries()) {
    const other = b?.[index] ?? 0;
    if (part !== other) return part < other;
  }
  return false;
}
