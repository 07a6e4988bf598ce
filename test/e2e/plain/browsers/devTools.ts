/** A connection that speaks the Chrome DevTools Protocol (https://chromedevtools.github.io/devtools-protocol/). Events are not listened to. */
export class DevToolsConnection {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  #count = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => this.#receive(String(data)));
    socket.addEventListener('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('The browser has closed its connection.'));
      this.#waiting.clear();
    });
  }

  static async open(url: string): Promise<DevToolsConnection> {
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', () => reject(new Error(`There is no browser at ${url}.`)));
    });
    return new DevToolsConnection(socket);
  }

  /**
   * @param sessionId of a tab; without one the command is for the browser
   * @typeParam Result what the command answers, by the protocol
   */
  async send<Result>(method: string, params: object, sessionId?: string): Promise<Result> {
    const id = (this.#count += 1);
    const answered = new Promise<unknown>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    this.#socket.send(JSON.stringify({ id, method, params, sessionId }));
    return (await answered) as Result;
  }

  close(): void {
    this.#socket.close();
  }

  #receive(text: string): void {
    // As the protocol has it.
    const { id, result, error } = JSON.parse(text) as { id?: number; result?: unknown; error?: { message: string } };
    if (id === undefined) return;
    const { resolve, reject } = this.#waiting.get(id) ?? {};
    this.#waiting.delete(id);
    if (error === undefined) resolve?.(result);
    else reject?.(new Error(error.message));
  }
}
