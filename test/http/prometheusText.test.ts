import { describe, expect, it } from 'vitest';
import { Histogram, type Metric } from '../../plugin/cache/index.ts';
import { prometheusText } from '../../plugin/http/prometheusText.ts';
import { parsePrometheusText } from '../helpers/prometheusText.ts';

const gauge = (samples: Metric['samples'], help = 'Help.'): Metric => ({ name: 'a', help, type: 'gauge', samples });

describe('the text format of Prometheus', () => {
  it('has a help and a type before the values', () =>
    expect(prometheusText([gauge([{ value: 1.5 }, { labels: { x: '1', y: '2' }, value: 0 }])])).toBe(
      '# HELP a Help.\n# TYPE a gauge\na 1.5\na{x="1",y="2"} 0\n',
    ));

  it('leaves out a measure without a value', () => expect(prometheusText([gauge([])])).toBe(''));

  it('has the counts of a histogram with those of the buckets below', () => {
    const value = new Histogram();
    for (const ms of [0, 25, 26, 400, 29_999, 30_000, 30_001, 1e9]) value.observe(ms);
    const text = prometheusText([
      { name: 'h', help: 'Help.', type: 'histogram', samples: [{ labels: { b: 'x' }, value }] },
    ]);
    const samples = parsePrometheusText(text).get('h')?.samples;
    expect([...(samples ?? [])].slice(0, 11).map(([, count]) => count)).toEqual([2, 3, 3, 3, 4, 4, 4, 4, 4, 6, 8]);
    expect(samples?.get('h_count{b="x"}')).toBe(8);
    expect(samples?.get('h_sum{b="x"}')).toBeCloseTo(1_000_090.451);
  });

  it.each(['"', '\\', '\n', '\\n"}\na 2', 'a{b="c"} 1\n# TYPE a counter', 'ünï → 絵'])(
    'a label cannot break out of its quotes: %j',
    (value) => {
      const families = parsePrometheusText(prometheusText([gauge([{ labels: { bucket: value }, value: 1 }])]));
      expect([...families.keys()]).toEqual(['a']);
      const [key = ''] = families.get('a')?.samples.keys() ?? [];
      const [, escaped = ''] = /^a\{bucket="(.*)"\}$/.exec(key) ?? [];
      expect(escaped.replaceAll(/\\(.)/g, (_, character) => (character === 'n' ? '\n' : character))).toBe(value);
    },
  );

  it('a help text is one line', () =>
    expect(parsePrometheusText(prometheusText([gauge([{ value: 1 }], 'one\ntwo \\ three')])).get('a')?.help).toBe(
      'one\\ntwo \\\\ three',
    ));
});
