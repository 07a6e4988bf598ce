import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface Step {
  name: string;
  /** For the shell, which finds what npm has installed when npm has started us. */
  command: string;
  /** The step before which this one cannot begin. It is left out when that one fails. */
  after?: string;
}

interface Ended {
  ok: boolean;
  output: string;
  ms: number;
}

/**
 * Runs steps side by side, the first ones first, and prints a line for each; of those that fail, also all they have written.
 * @returns whether all have succeeded
 */
export async function runSteps(steps: readonly Step[], { atATime }: { atATime: number }): Promise<boolean> {
  const ended = new Map<string, Ended>();
  const waiting = [...steps];
  const running = new Map<string, Promise<unknown>>();
  while (waiting.length > 0 || running.size > 0) {
    const next = waiting.findIndex(({ after }) => after === undefined || ended.has(after));
    const [step] = next !== -1 && running.size < atATime ? waiting.splice(next, 1) : [];
    if (step === undefined) {
      await Promise.race(running.values());
      continue;
    }
    const isLeftOut = step.after !== undefined && ended.get(step.after)?.ok === false;
    const work = (isLeftOut ? leaveOut(step) : run(step.command)).then((result) => {
      ended.set(step.name, result);
      running.delete(step.name);
      console.log(`${result.ok ? '✓' : '✗'} ${step.name} ${(result.ms / 1000).toFixed(1)} s`);
    });
    running.set(step.name, work);
  }
  const failed = [...ended].filter(([, { ok }]) => !ok);
  for (const [name, { output }] of failed) console.log(`\n── ${name} ──\n${output.trim()}`);
  return failed.length === 0;
}

async function leaveOut({ after }: Step): Promise<Ended> {
  return { ok: false, output: `Not run, since ${after} has failed.`, ms: 0 };
}

async function run(command: string): Promise<Ended> {
  const began = performance.now();
  const child = spawn(command, { shell: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  const [code]: (number | null)[] = await once(child, 'close');
  return { ok: code === 0, output: Buffer.concat(chunks).toString(), ms: performance.now() - began };
}
