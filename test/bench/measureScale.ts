import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { EntriesAnswer } from '../../plugin/inspectorProtocol.ts';
import { manyEntry } from './manyEntries.ts';
import type { ScaleReport } from './scaleServer.ts';

const SERVER = fileURLToPath(new URL('scaleServer.ts', import.meta.url));
const GETS = 1000;

/** What a server of a large manifest was seen to do, from start to end. */
export interface Scale {
  /** From listening to the first image that was asked for by path. */
  firstImageMs: number;
  /** And by URL. */
  firstUrlMs: number;
  /** From listening to a question that needs every entry. */
  indexMs: number;
  /** How many entries it then knew. */
  entries: number;
  /** Up to the first two images. */
  beginning: ScaleReport;
  /** From there until it knew every entry. */
  starting: ScaleReport;
  /** The inspector's list of images: the first page, another order, and a text that nothing has. */
  viewing: ScaleReport & { ms: number };
  /** 1,000 images by path, and the longest that one of them took from outside: what the machine does besides is in it, too. */
  serving: ScaleReport & { longestMs: number };
  /** One new image. */
  storing: ScaleReport;
  /** `GET /manifest`, read to its end. */
  listing: ScaleReport & { manifestBytes: number; ms: number };
  /** `manifest.json` written anew, at close. */
  compacting: ScaleReport & { ms: number };
}

/** Starts a server on a directory made by `seedDirectory` and measures it from outside. */
export async function measureScale(dir: string, files: number): Promise<Scale> {
  const child = fork(SERVER, [dir]);
  try {
    const { port } = await answerOf<{ port: number }>(child);
    const base = `http://127.0.0.1:${port}`;
    const clock = stopwatch();
    await getImage(base, { path: manyEntry(0).local_path });
    const firstImageMs = clock();
    await getImage(base, { url: manyEntry(1).s3_url });
    const firstUrlMs = clock();
    const beginning = await ask(child, 'report');
    const { total_entries } = (await (await fetch(`${base}/stats`)).json()) as { total_entries: number };
    const indexMs = clock();
    const starting = await ask(child, 'report');

    const viewed = stopwatch();
    for (const query of ['', '?order=name', '?text=nothing-has-this']) {
      const { matched } = (await (await fetch(`${base}/entries${query}`)).json()) as EntriesAnswer;
      if (matched !== (query.includes('text') ? 0 : total_entries)) throw new Error(`${query} matched ${matched}`);
    }
    const viewing = { ms: viewed(), ...(await ask(child, 'report')) };

    let longestMs = 0;
    for (let n = 0; n < GETS; n += 1) {
      const asked = stopwatch();
      await getImage(base, { path: manyEntry(n % files).local_path });
      longestMs = Math.max(longestMs, asked());
    }
    const serving = { longestMs, ...(await ask(child, 'report')) };
    const storing = await ask(child, 'store');

    const listed = stopwatch();
    let manifestBytes = 0;
    const { body } = await fetch(`${base}/manifest`);
    for await (const chunk of body ?? []) manifestBytes += chunk.length;
    const listing = { manifestBytes, ms: listed(), ...(await ask(child, 'report')) };

    const closed = stopwatch();
    const compacting = { ...(await ask(child, 'close')), ms: closed() };
    return {
      firstImageMs,
      firstUrlMs,
      indexMs,
      entries: total_entries,
      beginning,
      starting,
      viewing,
      serving,
      storing,
      listing,
      compacting,
    };
  } finally {
    child.kill('SIGKILL');
  }
}

function stopwatch(): () => number {
  const started = performance.now();
  return () => performance.now() - started;
}

async function getImage(base: string, question: Record<'path', string> | Record<'url', string>): Promise<void> {
  const response = await fetch(`${base}/image?${new URLSearchParams(question)}`);
  const { byteLength } = await response.arrayBuffer();
  if (response.status !== 200 || byteLength !== 2000) throw new Error(`an image was answered with ${response.status}`);
}

function ask(child: ChildProcess, word: 'report' | 'store' | 'close'): Promise<ScaleReport> {
  const answer = answerOf<ScaleReport>(child);
  child.send(word);
  return answer;
}

async function answerOf<Answer>(child: ChildProcess): Promise<Answer> {
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('the server ended')));
  const [answer] = (await Promise.race([once(child, 'message'), ended])) as [Answer]; // it sends nothing else
  return answer;
}
