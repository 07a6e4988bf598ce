import type {
  AskRequest,
  RefetchRequest,
  SimulationRequest,
  SimulationStatus,
} from '../../../plugin/inspectorProtocol.ts';
import type { ImportAnswer, PinRequest, Problem } from '../../../plugin/protocol.ts';
import { PRESETS } from '../../../plugin/http/simulation/presets.ts';
import {
  FAKE_CHECKS,
  FAKE_DOCTOR,
  fakeActors,
  fakeEntryAnswer,
  fakeHistory,
  fakeLive,
  type FakeNumbers,
  fakeProblems,
  fakeQueue,
  fakeStorage,
  fakeUploads,
} from './answers.ts';
import { fakeEntries, fakeEntry, type Look } from './entries.ts';

/** What the fake is to be, which a test may change at any time. */
export interface FakeState extends FakeNumbers {
  looks?: readonly Look[];
  /** All calls are refused like this. */
  refusal?: Problem;
  /** The simulation that is on. @default none */
  simulation?: SimulationStatus;
  /** False: as in a server of your own. @default true */
  canSimulate?: boolean;
  /** Calls and their bodies, as they came. */
  calls: string[];
}

/** As it is sent. */
export interface FakeAnswer {
  status: number;
  type: string;
  text: string;
}

export function createFakeState(count: number, version: string): FakeState {
  const now = Date.UTC(2026, 10, 30, 10, 33, 5);
  const isEmpty = count === 0;
  return {
    count,
    now,
    startedAt: now - 3_600_000,
    instance: 'a',
    version,
    seq: isEmpty ? 0 : 57,
    changes: 0,
    calls: [],
  };
}

/** The API of the inspector as the contract has it, over a cache of so many images; without a server, so that tests of components use it, too. */
export function fakeAnswer(state: FakeState, method: string, url: string, bodyText = ''): FakeAnswer {
  const isPack = url.startsWith('/import');
  const body: unknown = bodyText === '' || isPack ? undefined : JSON.parse(bodyText);
  state.calls.push(`${method} ${url}${body === undefined ? '' : ` ${JSON.stringify(body)}`}`);
  if (state.refusal) return refusedWith(state.refusal);
  const { pathname, searchParams } = new URL(url, 'http://fake');
  const answer = method === 'GET' ? read(state, pathname, searchParams) : change(state, method, pathname, body);
  if (Array.isArray(answer)) {
    const lines = answer.map((line) => `${JSON.stringify(line)}\n`);
    return { status: 200, type: 'application/x-ndjson', text: lines.join('') };
  }
  if (answer !== undefined) return { status: 200, type: 'application/json', text: JSON.stringify(answer) };
  return refusedWith({
    type: 'about:blank',
    status: 404,
    title: 'Not Found',
    detail: `No ${pathname}.`,
    code: 'NOT_FOUND',
  });
}

function refusedWith(problem: Problem): FakeAnswer {
  return { status: problem.status, type: 'application/problem+json', text: JSON.stringify(problem) };
}

function read(state: FakeState, path: string, query: URLSearchParams): unknown {
  const { count, now, looks } = state;
  const since = query.get('since');
  switch (path) {
    case '/live':
      return {
        ...fakeLive(state, since === null ? undefined : Number(since)),
        ...(state.canSimulate !== false && { simulation: state.simulation ?? null }),
      };
    case '/simulate':
      return { simulation: state.simulation ?? null, presets: PRESETS };
    case '/entries':
      return fakeEntries(count, query, now, looks);
    case '/entry': {
      const url = query.get('url') ?? '';
      const n = Number(/_(\d+)\.\w+$/.exec(url)?.[1] ?? Number.NaN);
      return fakeEntryAnswer(n < count ? n : undefined, url, now, looks);
    }
    case '/actors':
      return fakeActors(count, query.get('text') ?? '');
    case '/queue':
      return fakeQueue(count, now);
    case '/problems':
      return fakeProblems(count, now);
    case '/history':
      return fakeHistory(count, (query.get('span') ?? '1h') as '1h', now); // any other has the steps of none
    case '/storage':
      return fakeStorage(count);
    case '/doctor':
      return [...FAKE_CHECKS, { done: true, ...FAKE_DOCTOR }];
    case '/check':
      return checkLines(count);
    case '/uploads':
      return fakeUploads(count, now);
    default:
      return undefined;
  }
}

function change(state: FakeState, method: string, path: string, body: unknown): unknown {
  const { now, looks, count } = state;
  switch (path) {
    case '/simulate':
      if (method === 'DELETE') delete state.simulation;
      else state.simulation = fakeSimulation(body as SimulationRequest, now);
      return { simulation: state.simulation ?? null, presets: PRESETS };
    case '/pin':
      return { pinned: (body as PinRequest).pinned === false ? 0 : 1 };
    case '/invalidate':
      return { invalidated: 1 };
    case '/refetch':
      return { status: 'unchanged', entry: { ...fakeEntry(1, now, looks), s3_url: (body as RefetchRequest).s3_url } };
    case '/ask':
      return { objects: (body as AskRequest).s3_urls.map((s3_url) => ({ s3_url, state: 'present' })) };
    case '/clear-all':
      return { cleared: count, freed_bytes: count * 2_730_000, kept: 0 };
    case '/verify':
      return verifyLines(count);
    case '/import':
      return importAnswer();
    default:
      if (path.startsWith('/clear/')) return { cleared: 25, freed_bytes: 68_000_000, kept: 2 };
      if (/^\/uploads\/\w+(?:\/retry)?$/.test(path))
        return { job_id: path.split('/')[2], state: method === 'DELETE' ? 'canceled' : 'accepted' };
      return undefined;
  }
}

/** The simulation that such a request begins. */
export function fakeSimulation({ preset, ...rest }: SimulationRequest, now: number): SimulationStatus {
  const effects = PRESETS.find(({ name }) => name === preset)?.effects;
  return {
    ...(preset && { preset }),
    ...effects,
    ...rest,
    started_at: now,
    until: now + 600_000,
    detail: 'images wait for 3 s',
    held: 4,
  };
}

function importAnswer(): ImportAnswer {
  const path = `images/0001/0001_${'0'.repeat(16)}_${'0'.repeat(32)}.svg`;
  return {
    done: true,
    total: 12,
    imported: 9,
    size_bytes: 24_000_000,
    known: 2,
    absent: 0,
    refused: 1,
    problems: [{ path, code: 'UNSUPPORTED_TYPE', detail: 'SVG is not allowed.', hint: 'Set `allowSvg`.' }],
  };
}

function verifyLines(count: number): unknown[] {
  const steps = (['scan', 'rehash', 'repair', 'drop', 'clean'] as const).map((step) => ({
    step,
    took_ms: 120,
    checked: count,
    healed: 0,
  }));
  const report = {
    started_at: 0,
    took_ms: 600,
    entries: count,
    unclaimed: 7,
    damaged: 1,
    missing: 0,
    repaired: 1,
    dropped: 0,
    quarantined: 0,
    cleaned: 0,
  };
  return [...steps.map(({ step }) => ({ step, checked: count, total: count })), { done: true, steps, ...report }];
}

function checkLines(count: number): unknown[] {
  const problems = [
    { kind: 'unclaimed', path: '.image-cache/images/0002/0002_0000.jpg' },
    {
      kind: 'missing',
      path: '.image-cache/images/0004/0004_0000.jpg',
      s3_url: 'https://team-photos.s3.eu-central-1.amazonaws.com/a.jpg',
    },
  ];
  return [
    { checked: count, total: count },
    { done: true, checked: count, problems: count === 0 ? [] : problems, problem_count: count === 0 ? 0 : 2 },
  ];
}
