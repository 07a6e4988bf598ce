/** Reads newline-delimited JSON line by line. Chunks may end anywhere: between lines, within a line, or within a character. */
export async function* readNdjson(body: ReadableStream<Uint8Array>): AsyncGenerator<unknown, void> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = '';
  try {
    // Not `for await`, because streams are not async iterable in Safari.
    for (;;) {
      const { done, value } = await reader.read();
      rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
      const lines = rest.split('\n');
      rest = done ? '' : (lines.pop() ?? '');
      for (const line of lines) if (line.trim() !== '') yield JSON.parse(line);
      if (done) return;
    }
  } finally {
    // Ends the download if the caller stops early. If the body has failed, there is nothing to cancel.
    reader.cancel().catch(() => {});
  }
}
