import { BOUNDS, Histogram, type Metric, type Sample } from '../cache/index.ts';

/** The type of {@link prometheusText}. */
export const PROMETHEUS_TEXT = 'text/plain; version=0.0.4; charset=utf-8';

type Labels = NonNullable<Sample['labels']>;

/** Writes measures in the text format of Prometheus, version 0.0.4. A measure without a value is left out. */
export function prometheusText(metrics: readonly Metric[]): string {
  return metrics
    .filter(({ samples }) => samples.length > 0)
    .map(family)
    .join('');
}

function family({ name, help, type, samples }: Metric): string {
  const lines = samples.flatMap(({ labels = {}, value }) =>
    value instanceof Histogram ? histogram(name, labels, value) : [line(name, labels, value)],
  );
  return [`# HELP ${name} ${escaped(help)}`, `# TYPE ${name} ${type}`, ...lines, ''].join('\n');
}

/** Each bucket has the counts of those below it as well. */
function histogram(name: string, labels: Labels, { counts, sumSeconds }: Histogram): string[] {
  let total = 0;
  const buckets = counts.map((count, index) => {
    total += count;
    return line(`${name}_bucket`, { ...labels, le: String(BOUNDS[index] ?? '+Inf') }, total);
  });
  return [...buckets, line(`${name}_sum`, labels, sumSeconds), line(`${name}_count`, labels, total)];
}

function line(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text).replaceAll('"', '\\"')}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
