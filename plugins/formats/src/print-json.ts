import type { Data } from './to-data.js';

/** Prints data as JSON, two blanks for each level. */
export function printJson(data: Data): string {
  return `${json(data, '')}\n`;
}

/** By hand: an object of JavaScript would put keys that are numbers first. */
function json(data: Data, indent: string): string {
  if (typeof data !== 'object') return JSON.stringify(data);
  const deeper = `${indent}  `;
  const lines =
    'list' in data
      ? data.list.map((each) => json(each, deeper))
      : [...data.map].map(([key, value]) => `${JSON.stringify(key)}: ${json(value, deeper)}`);
  const [open, close] = 'list' in data ? '[]' : '{}';
  if (lines.length === 0) return `${open ?? ''}${close ?? ''}`;
  return `${open ?? ''}\n${lines.map((line) => `${deeper}${line}`).join(',\n')}\n${indent}${close ?? ''}`;
}
