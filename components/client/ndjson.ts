/** Reads newline-delimited JSON line by line, wherever the chunks were cut: between lines, within one, within a character. */
export async function* readNdjson(body: ReadableStream<Uint8Array>): AsyncGenerator<unknown, void> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = '';
  try {
    // Not `for await`: Safari's streams are no async iterables.
    for (;;) {
      const { done, value } = await reader.read();
      rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
      const lines = rest.split('\n');
      rest = done ? '' : (lines.pop() ?? '');
      for (const line of lines) if (line.trim() !== '') yield JSON.parse(line);
      if (done) return;
    }
  } finally {
    // A reader that stops early wants no more of the body; a body that failed has nothing to cancel.
    reader.cancel().catch(() => {});
  }
}
