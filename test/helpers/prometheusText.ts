/** A measure as a scraper reads it. */
export interface Family {
  type: string;
  help: string;
  /** Values by what stands before them: `name{label="value"}`. */
  samples: Map<string, number>;
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = String.raw`[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"`;
const HEAD = new RegExp(String.raw`^# (HELP|TYPE) (${NAME}) (.*)$`);
const SAMPLE = new RegExp(String.raw`^((${NAME})(?:\{(${LABEL}(?:,${LABEL})*)\})?) (\d+(?:\.\d+)?(?:e[+-]?\d+)?)$`);
const PARTS: Record<string, string[]> = { counter: [''], gauge: [''], histogram: ['_bucket', '_sum', '_count'] };

/**
 * Reads the text format of Prometheus, version 0.0.4, as strictly as it can be read: every line, each measure in one group with its help and
 * its type before its values, no value twice, and the rules for names. @throws Error with the line that breaks one of them
 */
export function parsePrometheusText(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  let current = '';
  const insist = (isTrue: boolean, what: string) => {
    if (!isTrue) throw new Error(what);
  };
  insist(text.endsWith('\n'), 'the last line has no end');
  for (const line of text.slice(0, -1).split('\n')) {
    const [, keyword, name = '', rest = ''] = HEAD.exec(line) ?? [];
    if (keyword === 'HELP') {
      insist(!families.has(name), `${name} is not in one group`);
      insist(rest !== '', `${name} has no help`);
      families.set(name, { type: '', help: rest, samples: new Map() });
      current = name;
      continue;
    }
    const family = families.get(current);
    if (keyword === 'TYPE') {
      insist(name === current && family?.type === '' && rest in PARTS, `a type out of place: ${line}`);
      if (family !== undefined) family.type = rest;
      insist(
        rest !== 'counter' || name.endsWith('_total'),
        `${name} is a counter, and its name does not end with _total`,
      );
      continue;
    }
    const [, key = '', sampled = '', labels = '', value] = SAMPLE.exec(line) ?? [];
    insist(value !== undefined, `not a line of the format: ${line}`);
    const parts = PARTS[family?.type ?? ''] ?? [];
    insist(
      parts.some((part) => sampled === current + part),
      `${line} does not belong to ${current}`,
    );
    insist(family?.samples.has(key) === false, `twice: ${key}`);
    const names = Array.from(labels.matchAll(/(?:^|,)(\w+)="(?:[^"\\]|\\.)*"/g), ([, label]) => label);
    insist(new Set(names).size === names.length, `a label is there twice: ${line}`);
    family?.samples.set(key, Number(value));
  }
  for (const [name, { type, samples }] of families) {
    insist(samples.size > 0, `${name} has no value`);
    if (type === 'histogram') checkHistogram(name, samples, insist);
  }
  return families;
}

/** Buckets grow, the last one is `+Inf`, and it is the count. */
function checkHistogram(
  name: string,
  samples: Map<string, number>,
  insist: (isTrue: boolean, what: string) => void,
): void {
  const series = new Map<string, [le: number, value: number][]>();
  for (const [key, value] of samples) {
    const [, labels = '', le] = /_bucket\{(?:(.*),)?le="([^"]+)"\}$/.exec(key) ?? [];
    if (le === undefined) continue;
    const bound = le === '+Inf' ? Infinity : Number(le);
    series.set(labels, [...(series.get(labels) ?? []), [bound, value]]);
  }
  insist(series.size > 0, `${name} has no buckets`);
  for (const [labels, buckets] of series) {
    const of = labels === '' ? '' : `{${labels}}`;
    const isAscending = buckets.every(([le, value], at) => {
      const [before, smaller] = buckets[at - 1] ?? [-1, 0];
      return le > before && value >= smaller;
    });
    insist(isAscending, `${name}${of}: buckets do not grow`);
    const [last, total] = buckets.at(-1) ?? [];
    insist(last === Infinity && total === samples.get(`${name}_count${of}`), `${name}${of}: +Inf is not the count`);
    insist(samples.has(`${name}_sum${of}`), `${name}${of} has no sum`);
  }
}
