import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import type { CommandOptions } from '@mln/core';
import type { Graph } from '../src/graph.js';
import { draw } from './draw.js';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'mln-graph-')));

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function written(text: string): string {
  const file = join(folder, 'x.mln');
  writeFileSync(file, text);
  return file;
}

const said: readonly { options: CommandOptions; text?: string; errors: readonly string[]; exit: number }[] = [
  {
    options: { format: 'png' },
    errors: ['MLN_USAGE there is no format png (known are dot, mermaid, json, svg)'],
    exit: 64,
  },
  {
    options: { format: '__proto__' },
    errors: ['MLN_USAGE there is no format __proto__ (known are dot, mermaid, json, svg)'],
    exit: 64,
  },
  {
    options: {},
    text: 'global { project x }\nhost a { network eth0 { switch b } }\n',
    errors: ['MLN_NO_SWITCH no switch named b (add switch b { })'],
    exit: 65,
  },
  {
    options: { strict: true },
    text: 'global { project x }\nhost a { memori 1G }\n',
    errors: ['MLN_UNKNOWN_KEYWORD memori is not a keyword in host (did you mean memory?)'],
    exit: 65,
  },
];

test.each(said)('$errors', async ({ options, text = 'global { project x }\n', errors, exit }) => {
  expect(await draw({ file: written(text), ...options })).toMatchObject({ stdout: '', errors, exit });
});

test('draws dot where no format is named', async () => {
  const file = written('global { project x }\nhost a { }\n');
  expect(await draw({ file })).toEqual(await draw({ file, format: 'dot' }));
});

test('warnings go to standard error', async () => {
  const { stdout, stderr, exit } = await draw({
    file: written('global { project x }\nhost a { memori 1G }\n'),
    format: 'json',
  });
  expect([exit, (JSON.parse(stdout) as Graph).name]).toEqual([0, 'x']);
  expect(stderr).toContain('MLN_UNKNOWN_KEYWORD');
});

test('--set and --rehearse count', async () => {
  const file = written('global { project x; $size = 64M }\nhost a { memory $size; network eth0 { bridge br0 } }\n');
  const read = async (options: CommandOptions): Promise<Graph> =>
    JSON.parse((await draw({ file, format: 'json', ...options })).stdout) as Graph;
  const labels = async (options: CommandOptions): Promise<string[]> =>
    (await read(options)).nodes.map(({ kind, label }) => `${kind} ${label.join(', ')}`);
  expect(await labels({})).toEqual(['host a, fake, 64 MiB', 'bridge br0, bridge']);
  expect(await labels({ set: 'size=1G' })).toEqual(['host a, fake, 1 GiB', 'bridge br0, bridge']);
  expect(await labels({ rehearse: true })).toEqual(['switch br0', 'host a, fake, 64 MiB']);
});

/** From 13 hosts without another cable on, a network has them on both sides. */
const sides = [
  { hosts: 12, left: 0 },
  { hosts: 13, left: 6 },
  { hosts: 254, left: 127 },
];

test.each(sides)('a network of $hosts hosts has $left on its left', async ({ hosts, left }) => {
  const all = Array.from({ length: hosts }, (_, index) => `host h${index + 1} { network eth0 { switch lan } }`);
  const file = written(['global { project farm }', 'switch lan { }', ...all].join('\n'));
  const { stdout } = await draw({ file });
  expect(stdout.match(/-- "switch:lan"/g) ?? []).toHaveLength(left);
  expect(stdout.match(/"switch:lan" --/g) ?? []).toHaveLength(hosts - left);
});
