import { runDurable } from './runDurable.ts';
import { runEnqueue } from './runEnqueue.ts';
import { runOurs } from './runOurs.ts';
import { runUppy } from './runUppy.ts';

const runs = { ours: runOurs, uppy: runUppy, durable: runDurable, enqueue: runEnqueue };

declare global {
  interface Window {
    runs: typeof runs;
  }
}

window.runs = runs;
