import { type Bytes, viewOf } from './bytes.ts';

const BLOCK = 64;
/** The time is looked at each so many bytes: a millisecond or two on a slow phone. */
const LOOK = 16_384;
/** Half a frame, so that a page stays smooth. */
const SLICE_MS = 8;

/** The first bits of the fractional parts of the roots of the first 64 primes, square ones and cubic ones (FIPS 180-4, 4.2.2, 5.3.3). */
const PRIMES = Array.from({ length: 312 }, (_, n) => n).filter((n) => n > 1 && !hasDivisor(n));
const START = PRIMES.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));
const ROUNDS = Int32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)));

/**
 * SHA-256 where there is no `crypto.subtle`: on http, but for localhost. Lets the page go on every few milliseconds.
 * @param pause lets everything else have its turn
 */
export async function ownSha256(bytes: Uint8Array, pause = nextTurn): Promise<Bytes> {
  const state = Int32Array.from(START);
  const whole = bytes.length - (bytes.length % BLOCK);
  let since = performance.now();
  for (let at = 0; at < whole; at += LOOK) {
    addBlocks(state, bytes.subarray(at, Math.min(at + LOOK, whole)));
    if (performance.now() - since < SLICE_MS) continue;
    await pause();
    since = performance.now();
  }
  addBlocks(state, lastBlocks(bytes, whole));
  const digest = new Uint8Array(32);
  state.forEach((word, index) => viewOf(digest).setInt32(4 * index, word));
  return digest;
}

/** What is left, a bit that is set, zeros, and the length in bits. */
function lastBlocks(bytes: Uint8Array, from: number): Bytes {
  const rest = bytes.subarray(from);
  const blocks = new Uint8Array(rest.length < BLOCK - 8 ? BLOCK : 2 * BLOCK);
  blocks.set(rest);
  blocks[rest.length] = 0x80;
  viewOf(blocks).setBigUint64(blocks.length - 8, BigInt(bytes.length) * 8n);
  return blocks;
}

/** FIPS 180-4, 6.2.2. What looks as if it could be said shorter, by destructuring, takes twice the time. */
function addBlocks(state: Int32Array, bytes: Uint8Array): void {
  const view = viewOf(bytes);
  const words = new Int32Array(64);
  for (let at = 0; at < bytes.length; at += BLOCK) {
    for (let i = 0; i < 16; i++) words[i] = view.getInt32(at + 4 * i);
    for (let i = 16; i < 64; i++) {
      const w15 = words[i - 15] ?? 0;
      const w2 = words[i - 2] ?? 0;
      const s0 = turn(w15, 7) ^ turn(w15, 18) ^ (w15 >>> 3);
      const s1 = turn(w2, 17) ^ turn(w2, 19) ^ (w2 >>> 10);
      words[i] = ((words[i - 16] ?? 0) + s0 + (words[i - 7] ?? 0) + s1) | 0;
    }
    addBlock(state, words);
  }
}

function addBlock(state: Int32Array, words: Int32Array): void {
  let a = state[0] ?? 0;
  let b = state[1] ?? 0;
  let c = state[2] ?? 0;
  let d = state[3] ?? 0;
  let e = state[4] ?? 0;
  let f = state[5] ?? 0;
  let g = state[6] ?? 0;
  let h = state[7] ?? 0;
  for (let i = 0; i < 64; i++) {
    const s1 = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
    const one = (h + s1 + ((e & f) ^ (~e & g)) + (ROUNDS[i] ?? 0) + (words[i] ?? 0)) | 0;
    const s0 = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
    const two = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + one) | 0;
    d = c;
    c = b;
    b = a;
    a = (one + two) | 0;
  }
  state[0] = (state[0] ?? 0) + a;
  state[1] = (state[1] ?? 0) + b;
  state[2] = (state[2] ?? 0) + c;
  state[3] = (state[3] ?? 0) + d;
  state[4] = (state[4] ?? 0) + e;
  state[5] = (state[5] ?? 0) + f;
  state[6] = (state[6] ?? 0) + g;
  state[7] = (state[7] ?? 0) + h;
}

function turn(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}

function fraction(root: number): number {
  return ((root % 1) * 2 ** 32) | 0;
}

function hasDivisor(n: number): boolean {
  for (let divisor = 2; divisor * divisor <= n; divisor++) if (n % divisor === 0) return true;
  return false;
}

/** Unlike a timer, a message is not held back in a tab that is in the background. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener('message', () => {
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(undefined);
  });
}
