/** Memory that is reused to view bytes in one piece. The result is valid until the next call, so use it synchronously. */
export class Scratch {
  #memory: Buffer = Buffer.alloc(0);

  join(chunks: readonly Uint8Array[], length: number): Uint8Array {
    const [only] = chunks;
    if (chunks.length === 1 && only !== undefined) return only;
    if (this.#memory.length < length) this.#memory = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.#memory.length));
    let at = 0;
    for (const chunk of chunks) {
      this.#memory.set(chunk, at);
      at += chunk.length;
    }
    return this.#memory.subarray(0, at);
  }
}
