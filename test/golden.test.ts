import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import lvm from '@mln/plugin-lvm';
import uml from '@mln/plugin-uml';
import xen from '@mln/plugin-xen';
import { unitsOf } from '@mln/core';
import { projectFiles } from '../core/src/project-files.js';
import { createScripts } from '../core/src/scripts.js';
import { decided, testKernel } from './support/test-kernel.js';

/*
 * Every script that a plan makes of a project: golden/NAME/project.mln beside golden/NAME/expected. UPDATE_GOLDEN=1
 * writes what is expected anew; read what `git diff` shows then.
 */

const golden = join(import.meta.dirname, 'golden');
const names = readdirSync(golden);
const mln = await testKernel([xen, lvm, [uml, { default: true }]]);

/** The files of a project's plan, by their paths in the project's folder. */
async function planned(name: string): Promise<ReadonlyMap<string, string>> {
  // As if it lay elsewhere: relative paths of a project start at its folder, and this one may be anywhere.
  const text = readFileSync(join(golden, name, 'project.mln'), 'utf8');
  const project = await decided(mln, `/golden/${name}/project.mln`, text);
  const files = new Map(projectFiles(project, unitsOf(project)).map(({ path, text }) => [path, text]));
  for (const unit of unitsOf(project)) {
    const { scripts, files: own } = createScripts();
    mln.hooks.emitScripts.call(unit, scripts, project);
    for (const { path, text } of own) files.set(`${unit.name}/${path}`, text);
  }
  return files;
}

test.each(names)('%s: the scripts are as expected', async (name) => {
  const files = await planned(name);
  const expected = join(golden, name, 'expected');
  if (process.env['UPDATE_GOLDEN']) {
    rmSync(expected, { recursive: true, force: true });
    for (const [path, text] of files) {
      mkdirSync(dirname(join(expected, path)), { recursive: true });
      writeFileSync(join(expected, path), text);
    }
  }
  const paths = filesBelow(expected);
  expect([...files.keys()].sort()).toEqual([...paths].sort());
  for (const path of paths) expect([path, files.get(path)]).toEqual([path, readFileSync(join(expected, path), 'utf8')]);
});

test.each(names)('%s: the same project gives the same scripts', async (name) => {
  expect(await planned(name)).toEqual(await planned(name));
});

test.each(names)('%s: dash reads the scripts', async (name) => {
  for (const [path, text] of await planned(name)) {
    if (!isScript(path)) continue;
    const { status, stderr } = spawnSync('dash', ['-n'], { input: text, encoding: 'utf8' });
    expect({ path, status, stderr }).toEqual({ path, status: 0, stderr: '' });
  }
});

/** Of values that look like shell code shellcheck says that they are not run: as it should be. */
const allowed: Readonly<Record<string, string>> = {
  quoting: 'SC2016,SC1003',
  'xen-bridge': 'SC2016',
  'xen-mount': 'SC2016,SC1003',
};

const hasShellcheck = spawnSync('shellcheck', ['--version']).status === 0;
const checked = hasShellcheck ? test : test.skip;

checked.each(names)(
  `%s: shellcheck has nothing to say${hasShellcheck ? '' : ' (skipped: no shellcheck here)'}`,
  (name) => {
    const expected = join(golden, name, 'expected');
    const exclude = allowed[name] === undefined ? [] : ['-e', allowed[name]];
    const { stdout, stderr } = spawnSync(
      'shellcheck',
      ['-s', 'sh', ...exclude, ...filesBelow(expected).filter(isScript)],
      {
        cwd: expected,
        encoding: 'utf8',
      },
    );
    expect(stdout + stderr).toBe('');
  },
);

test('shellcheck would have something to say', () => {
  if (!hasShellcheck) return;
  expect(() => execFileSync('shellcheck', ['-s', 'sh', '-'], { input: 'echo $1\n', stdio: 'pipe' })).toThrow();
});

/** What else there is has a language of its own: a hypervisor reads it. */
function isScript(path: string): boolean {
  return !path.endsWith('.cfg');
}

function filesBelow(folder: string, path = ''): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(join(folder, path)).flatMap((name) => {
    const each = join(path, name);
    return statSync(join(folder, each)).isDirectory() ? filesBelow(folder, each) : [each];
  });
}
