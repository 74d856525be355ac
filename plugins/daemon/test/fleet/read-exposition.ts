import type { Metric } from '../../src/fleet/exposition.js';

/** Reads the text format of Prometheus, version 0.0.4, and throws where it is not followed to the letter. */
export function readExposition(text: string): readonly Metric[] {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const metrics = new Map<
    string,
    { name: string; type: Metric['type']; help: string; samples: Metric['samples'][number][] }
  >();
  const series = new Set<string>();
  let help: readonly [name: string, text: string] | null = null;
  for (const line of text.slice(0, -1).split('\n')) {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/.exec(line) ?? [];
    if (kind === 'HELP') help = [name, unescaped(rest, /\\(\\|n)/g)];
    else if (kind === 'TYPE') {
      if (help?.[0] !== name || metrics.has(name)) throw new Error(`TYPE in a wrong place: ${line}`);
      if (rest !== 'counter' && rest !== 'gauge') throw new Error(`a type that nobody knows: ${line}`);
      metrics.set(name, { name, type: rest, help: help[1], samples: [] });
    } else {
      const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
      if (!sample) throw new Error(`no sample: ${line}`);
      const [, of = '', labels = '', value = ''] = sample;
      if (series.has(`${of}{${labels}}`)) throw new Error(`twice: ${line}`);
      series.add(`${of}{${labels}}`);
      const last = [...metrics.values()].at(-1);
      if (last?.name !== of) throw new Error(`a sample without its TYPE: ${line}`);
      last.samples.push({ labels: labelsIn(labels), value: numberIn(value) });
    }
  }
  return [...metrics.values()];
}

function labelsIn(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  let rest = text;
  while (rest !== '') {
    const found = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/.exec(rest);
    if (!found) throw new Error(`no labels: ${rest}`);
    const [whole, name = '', value = ''] = found;
    if (name in labels) throw new Error(`a label twice: ${name}`);
    labels[name] = unescaped(value, /\\(\\|n|")/g);
    rest = rest.slice(whole.length);
  }
  return labels;
}

function unescaped(text: string, escapes: RegExp): string {
  return text.replace(escapes, (_all, character: string) => (character === 'n' ? '\n' : character));
}

function numberIn(text: string): number {
  const special: Record<string, number> = { NaN, '+Inf': Infinity, '-Inf': -Infinity };
  const value = text in special ? (special[text] ?? NaN) : Number(text);
  if (Number.isNaN(value) && text !== 'NaN') throw new Error(`no number: ${text}`);
  return value;
}
