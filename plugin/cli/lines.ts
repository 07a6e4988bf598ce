/** Longer than a URL may be, with an actor. What is longer is no line of ours, and is not kept. */
const MAX_CHARACTERS = 20_000;

/** The lines of a text that arrives in pieces. At most one line is in memory; of one that is too long, only its beginning is given. */
export async function* linesOf(input: AsyncIterable<Uint8Array | string>): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of input) {
    const parts = (rest + (typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }))).split('\n');
    rest = (parts.pop() ?? '').slice(0, MAX_CHARACTERS);
    for (const line of parts) yield line.replace(/\r$/, '').slice(0, MAX_CHARACTERS);
  }
  if (rest !== '') yield rest.replace(/\r$/, '');
}
