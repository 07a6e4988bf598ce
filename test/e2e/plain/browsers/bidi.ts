/** A connection that speaks WebDriver BiDi (https://w3c.github.io/webdriver-bidi/). Events are not listened to. */
export class BidiConnection {
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

  static async open(url: string): Promise<BidiConnection> {
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', () => reject(new Error(`There is no browser at ${url}.`)));
    });
    return new BidiConnection(socket);
  }

  /** @typeParam Result what the command answers, by its specification */
  async send<Result>(method: string, params: object): Promise<Result> {
    const id = (this.#count += 1);
    const answered = new Promise<unknown>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    this.#socket.send(JSON.stringify({ id, method, params }));
    return (await answered) as Result;
  }

  close(): void {
    this.#socket.close();
  }

  #receive(text: string): void {
    // As the specification has it.
    const message = JSON.parse(text) as { id?: number; result?: unknown; error?: string; message?: string };
    if (message.id === undefined) return;
    const { resolve, reject } = this.#waiting.get(message.id) ?? {};
    this.#waiting.delete(message.id);
    if (message.error === undefined) resolve?.(message.result);
    else reject?.(new Error(`${message.error}: ${message.message}`));
  }
}
