import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

function mln(...args: string[]): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(process.cwd(), 'bin/mln.js'), ...args], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

test('the help shows verbs below headings, those of plug-ins as well, and none that is for programs', () => {
  const { stdout } = mln('--help');
  const lines = stdout.split('\n');
  const headings = ['Projects:', 'Project files:', 'Templates:', 'Plug-ins:', 'This machine:', 'From plug-ins:'];
  expect(lines.filter((line) => headings.includes(line))).toEqual(headings);
  expect(stdout).toMatch(/^From plug-ins:\n {2}graph /m);
  expect(stdout).toMatch(/^ {2}-P <folder> +where projects are kept$/m);
  expect(stdout).not.toMatch(/^ {2}complete /m);
  expect(lines).not.toContain('Commands:');
});

test('the help of a verb says which plug-in brings it, where it is not the core’s', () => {
  expect(mln('graph', '--help').stdout).toContain('\nIt comes with the plug-in graph.\n');
  expect(mln('template', 'build', '--help').stdout).toContain('\nIt comes with the plug-in linux.\n');
  expect(mln('template', 'add', '--help').stdout).not.toContain('It comes with');
});

test.each([
  [['stat'], "unknown command 'stat'", 'Did you mean start?'],
  [['grahp'], "unknown command 'grahp'", 'Did you mean graph?'],
  [['template', 'ad'], "unknown command 'ad'", 'Did you mean add?'],
  [['start', '--hots', 'a'], "unknown option '--hots'", 'Did you mean --host?'],
])('%j is misspelt', (args, message, hint) => {
  const { status, stderr } = mln(...args);
  expect([status, stderr]).toEqual([64, `error: ${message}\n(${hint})\n`]);
  const json = mln(...args, '--json');
  expect(json.status).toBe(64);
  expect(json.stderr).toBe('');
  expect(JSON.parse(json.stdout)).toMatchObject({ kind: 'Errors', items: [{ code: 'MLN_USAGE', message, hint }] });
});
