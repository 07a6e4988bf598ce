import type { Activity, LiveAnswer } from '../../../plugin/inspectorProtocol.ts';
import { createSubscribable } from '../../client/subscribable.ts';
import { type ServerError, toServerError } from './serverError.ts';

/** What the page knows of the server's state. */
export interface LiveState {
  /**
   * `starting`: nothing was answered yet; `live`; `silent`: the server does not answer, and what is shown is old; `refused`: it answers,
   * and refuses.
   */
  readonly status: 'starting' | 'live' | 'silent' | 'refused';
  readonly answer: LiveAnswer | undefined;
  /** Newest first, at most {@link MAX_ACTIVITY}. Starts anew after a restart of the server. */
  readonly activity: readonly Activity[];
  /** Activities that came too fast to be seen. */
  readonly dropped: number;
  readonly error: ServerError | undefined;
  /** When the server is asked again, while it is silent or refuses. */
  readonly retryAt: number | undefined;
  /** When the page noticed that the server was started anew. */
  readonly restartedAt: number | undefined;
}

/** The page around it: a clock, timers, and whether anybody looks. */
export interface LiveEnvironment {
  now(): number;
  /** @returns a function that cancels it */
  after(ms: number, run: () => void): () => void;
  isVisible(): boolean;
  /** Calls when the page is shown or hidden. @returns a function that unsubscribes */
  onVisibility(listener: () => void): () => void;
  /** Calls at each key and movement of the pointer. @returns a function that unsubscribes */
  onInput(listener: () => void): () => void;
}

export interface Live {
  state(): LiveState;
  subscribe(listener: () => void): () => void;
  /** Asks at once, e.g. after an action. */
  refresh(): void;
  /** @returns a function that stops it */
  start(): () => void;
}

const EVERY_MS = 1000;
/** Without any input for a minute. */
const IDLE_EVERY_MS = 5000;
const IDLE_AFTER_MS = 60_000;
const MAX_BACK_OFF_MS = 10_000;
const MAX_ACTIVITY = 1000;

const AT_FIRST: LiveState = {
  status: 'starting',
  answer: undefined,
  activity: [],
  dropped: 0,
  error: undefined,
  retryAt: undefined,
  restartedAt: undefined,
};

/**
 * Polls the server's state once a second while the page is visible, and rarely while nobody touches it. Polling holds none of the
 * few connections that a browser has to the app's own host, and goes on after a restart.
 */
export function createLive(
  ask: (since: number | undefined, signal: AbortSignal) => Promise<LiveAnswer>,
  env: LiveEnvironment,
): Live {
  const changes = createSubscribable<void>();
  let state = AT_FIRST;
  let lastInputAt = env.now();
  let failures = 0;
  let cancelTimer = (): void => {};
  let asking: AbortController | undefined;
  let isRunning = false;

  function set(change: Partial<LiveState>): void {
    state = { ...state, ...change };
    changes.emit();
  }

  function isOther({ instance }: LiveAnswer): boolean {
    return state.answer !== undefined && state.answer.instance !== instance;
  }

  function plan(ms: number): void {
    cancelTimer();
    cancelTimer = env.after(ms, () => void poll());
  }

  async function poll(): Promise<void> {
    cancelTimer();
    if (!isRunning || !env.isVisible() || asking) return;
    const own = (asking = new AbortController());
    try {
      let answer = await ask(state.answer?.seq, own.signal);
      // The number was one of the server before: what this one has answered so far is asked for from its beginning.
      if (isOther(answer)) answer = await ask(undefined, own.signal);
      if (own.signal.aborted) return;
      failures = 0;
      set(after(state, answer, env.now()));
      plan(env.now() - lastInputAt > IDLE_AFTER_MS ? IDLE_EVERY_MS : EVERY_MS);
    } catch (error) {
      if (own.signal.aborted) return;
      const ms = Math.min(EVERY_MS * 2 ** failures, MAX_BACK_OFF_MS);
      failures += 1;
      const failure = toServerError(error);
      const isRefused = failure.status !== undefined && failure.status < 500;
      set({ status: isRefused ? 'refused' : 'silent', error: failure, retryAt: env.now() + ms });
      plan(ms);
    } finally {
      if (asking === own) asking = undefined;
    }
  }

  function start(): () => void {
    isRunning = true;
    const unsubscribe = [
      env.onVisibility(() => {
        if (env.isVisible()) void poll();
        else cancelTimer();
      }),
      env.onInput(() => {
        const wasIdle = env.now() - lastInputAt > IDLE_AFTER_MS;
        lastInputAt = env.now();
        if (wasIdle && failures === 0) void poll();
      }),
    ];
    void poll();
    return () => {
      isRunning = false;
      cancelTimer();
      asking?.abort();
      asking = undefined;
      for (const stop of unsubscribe) stop();
    };
  }

  return {
    state: () => state,
    subscribe: (listener) => changes.subscribe(listener),
    refresh: () => void poll(),
    start,
  };
}

/** The state after an answer. Counters of another instance start anew. */
function after(state: LiveState, answer: LiveAnswer, now: number): LiveState {
  const isRestart = state.answer !== undefined && state.answer.instance !== answer.instance;
  const known = isRestart ? [] : state.activity;
  const newest = known[0]?.seq ?? 0;
  const added = answer.activity.filter(({ seq }) => seq > newest).toReversed();
  return {
    status: 'live',
    answer,
    activity: [...added, ...known].slice(0, MAX_ACTIVITY),
    dropped: isRestart ? 0 : state.dropped + (state.answer === undefined ? 0 : answer.dropped),
    error: undefined,
    retryAt: undefined,
    restartedAt: isRestart ? now : state.restartedAt,
  };
}
