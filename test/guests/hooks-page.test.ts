import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openLab, type Lab } from './support.js';

/*
 * The examples of docs/hooks.md: each is put into the file that the page shows, and its commands print what the page
 * says. There … stands for whatever a line, or (alone) any number of lines, has.
 */

const page = readFileSync(join(import.meta.dirname, '../../docs/hooks.md'), 'utf8');
const [head = '', ...sections] = page.split(/^## /m);
const examples = sections.map((section) => ({
  name: section.split('\n')[0] ?? '',
  code: blockOf(section, 'js'),
  commands: blockOf(section, 'console')
    .split(/^\$ /m)
    .slice(1)
    .map((text) => text.split(/\n(.*)/s))
    .map(([line = '', output = '']) => [line, output] as const),
}));

let lab: Lab;

beforeAll(async () => {
  lab = await openLab();
});

afterAll(() => lab.close());

function blockOf(text: string, language: string): string {
  return new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 's').exec(text)?.[1] ?? '';
}

function patternOf(output: string): RegExp {
  const lines = output.split('\n').map((line) => (line === '…' ? '[^]*' : line.split('…').map(escaped).join('.*')));
  return new RegExp(`^${lines.join('\n')}$`);
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

test.each(examples)('$name: the example does what the page shows', async ({ name, code, commands }) => {
  const folder = `examples/${name.replace(/\W/g, '-')}`;
  const projects = join(lab.folder, folder, 'projects');
  lab.write(`${folder}/lab.mln`, blockOf(head, 'mln'));
  lab.write(`${folder}/mln.config.yaml`, blockOf(head, 'yaml'));
  lab.write(`${folder}/package.json`, '{ "type": "module" }');
  lab.write(`${folder}/example.js`, blockOf(head, 'js').replace('  // an example\n', code));
  const mln = lab.write(`${folder}/bin/mln`, `#!/bin/sh\nexec '${process.execPath}' '${lab.program}' "$@"\n`);
  const env = { PATH: `${join(mln, '..')}:${process.env['PATH'] ?? ''}`, MLN_PROJECTS: projects, NO_COLOR: '1' };
  await lab.run('chmod', ['755', mln]);
  expect(commands).not.toEqual([]);
  for (const [line, output] of commands) {
    const { stdout } = await lab.run('sh', ['-c', `exec 2>&1; ${line}`], { cwd: join(lab.folder, folder), env });
    expect({ line, stdout }).toEqual({ line, stdout: expect.stringMatching(patternOf(output)) as unknown });
  }
});
