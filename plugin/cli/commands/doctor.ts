import { cacheLocation } from '../../cache/index.ts';
import { createCache } from '../../createCache.ts';
import { createDoctor, type ServerFacts, systemProbes } from '../../doctor/index.ts';
import { ImageCacheError } from '../../errors.ts';
import type { DoctorCheck } from '../../inspectorProtocol.ts';
import type { Arguments } from '../args.ts';
import { configure } from '../configuration.ts';
import { FINE, INTERRUPTED, type Io, NOT_FINE } from '../io.ts';
import { clean, counted, painter, toJson } from '../text.ts';

const SIGNS = { ok: ['✓', 'green'], warn: ['!', 'yellow'], fail: ['✗', 'red'], skip: ['–', 'dim'] } as const;
const GROUPS: Record<DoctorCheck['group'], string> = {
  server: 'Server',
  disk: 'Disk',
  images: 'Images',
  bucket: 'Bucket',
  image: 'Image',
  page: 'Page',
};

export async function doctorCommand(given: Arguments, io: Io): Promise<number> {
  const [url] = given.operands;
  const { options, root, vite } = await configure(given, io, 'buckets');
  const { dir } = cacheLocation(root, options.cacheDir);
  const silent = { debug: undefined, info: () => undefined, warn: () => undefined };
  const cache = createCache(options, root, silent); // it is only looked at, and opened by nothing
  const server: ServerFacts = { kind: 'command', ...(vite !== undefined && { vite }) };
  const doctor = createDoctor({ options, root, dir, cache, server, probes: systemProbes });
  io.signal.addEventListener('abort', () => doctor.close(), { once: true });
  try {
    const answer = await doctor.examine(url);
    if (io.signal.aborted) return INTERRUPTED;
    await io.print(given.json ? toJson(answer) : report(answer.checks, io, answer.environment));
    return answer.ok ? FINE : NOT_FINE;
  } finally {
    await cache.close();
  }
}

export function explainCommand(given: Arguments, io: Io): Promise<number> {
  if (given.operands[0] === '') throw new ImageCacheError('INVALID_URL', 'A URL is expected.');
  return doctorCommand(given, io);
}

function report(checks: readonly DoctorCheck[], io: Io, environment: string): string {
  const paint = painter(io);
  const lines: string[] = [];
  let group = '';
  for (const check of checks) {
    const heading = `${GROUPS[check.group]} ${check.about ?? ''}`.trim();
    if (heading !== group) lines.push(...(group === '' ? [] : ['']), paint('bold', clean(heading)));
    group = heading;
    const [sign, colour] = SIGNS[check.status];
    lines.push(`  ${paint(colour, sign)} ${check.title}: ${clean(check.detail)}`);
    if (check.hint !== undefined) lines.push(`      ${clean(check.hint)}`);
    if (check.fix !== undefined) lines.push(`      ${paint('cyan', clean(check.fix))}`);
  }
  const count = (status: DoctorCheck['status']) => checks.filter((check) => check.status === status).length;
  const [failed, warned] = [count('fail'), count('warn')];
  const verdict =
    failed > 0
      ? paint('red', `${counted(failed, 'problem')}, ${counted(warned, 'warning')}.`)
      : paint('green', warned > 0 ? `Nothing is broken, ${counted(warned, 'warning')}.` : 'All is well.');
  return [...lines, '', verdict, '', paint('dim', 'For an issue:'), environment].join('\n');
}
