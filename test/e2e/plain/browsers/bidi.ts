import { BrowserGone, COMMAND_MS } from './browserGone.ts';

/** A connection that speaks WebDriver BiDi (https://w3c.github.io/webdriver-bidi/). Events are not listened to. */
export class BidiConnection {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  readonly #closed: Promise<never>;
  #count = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => this.#receive(String(data)));
    this.#closed = new Promise((_, reject) => {
      socket.addEventListener('close', () => reject(new BrowserGone('The browser has closed its connection.')));
    });
    this.#closed.catch(() => {}); // calls that wait for an answer are rejected
  }

  static async open(url: string): Promise<BidiConnection> {
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', () => reject(new BrowserGone(`There is no browser at ${url}.`)));
    });
    return new BidiConnection(socket);
  }

  /**
   * @typeParam Result what the command answers, by its specification
   * @throws {BrowserGone} when there is no answer
   */
  async send<Result>(method: string, params: object): Promise<Result> {
    const id = (this.#count += 1);
    const answered = new Promise<unknown>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    this.#socket.send(JSON.stringify({ id, method, params }));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new BrowserGone(`${method} has had no answer for ${COMMAND_MS} ms.`)),
        COMMAND_MS,
      );
    });
    try {
      return (await Promise.race([answered, this.#closed, late])) as Result;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  close(): void {
    this.#socket.close();
  }

  #receive(text: string): void {
    // As the specification has it.
    const message = JSON.parse(text) as { id?: number; result?: unknown; error?: string; message?: string };
    if (message.id === undefined) return;
    const { resolve, reject } = this.#waiting.get(message.id) ?? {};
    if (message.error === undefined) resolve?.(message.result);
    else reject?.(new Error(`${message.error}: ${message.message}`));
  }
}
