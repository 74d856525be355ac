import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, test } from '@jest/globals';
import { install } from '../guests/installation.js';
import { ordinary, run, scratch, writeAll, type Ended } from './installation.js';

/*
 * mln as it is installed, with plug-ins that write their names into a file when a line of them is run: as root, and as an
 * ordinary user.
 */

/** Whether these tests can be somebody else. */
export const isRoot = process.getuid?.() === 0;
export const asRoot = isRoot ? test : test.skip;
/** Somebody else than who runs mln. */
export const stranger = 65_533;

/** The folder of all of it. */
export const folder = scratch();
/** The installed mln. */
export let program: string;
beforeAll(() => {
  program = join(install(join(folder, 'installation')), 'bin/mln.js');
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** The folder of this test. */
export let lab = '';
let count = 0;
beforeEach(() => {
  lab = join(folder, `lab${(count += 1)}`);
  mkdirSync(join(lab, 'trace'), { recursive: true });
  chmodSync(join(lab, 'trace'), 0o777);
});

/** The code of a plug-in that tells when it is run. */
export function code(name: string, api = '^1.0.0'): string {
  return `import { appendFileSync } from 'node:fs';
appendFileSync(${JSON.stringify(join(lab, 'trace/ran'))}, '${name} ');
export const manifest = { name: '${name}', version: '1.0.0', api: '${api}' };
export default () => {};
`;
}

/** A package in a node_modules. */
export function packageOf(name: string): Record<string, string> {
  const description = { name, version: '1.0.0', type: 'module', main: 'index.js', mln: { api: '^1.0.0' } };
  return {
    [`node_modules/${name}/package.json`]: JSON.stringify(description),
    [`node_modules/${name}/index.js`]: code(name),
  };
}

/** What was run since this was last asked. */
export function ran(): string {
  const path = join(lab, 'trace/ran');
  if (!existsSync(path)) return '';
  const text = readFileSync(path, 'utf8').trim();
  rmSync(path);
  return text;
}

interface Settings {
  readonly cwd?: string;
  readonly user?: typeof ordinary;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs mln in a folder, as whom the tests run as where no other user is given. */
export function mln(args: readonly string[], { cwd = lab, user, env = {} }: Settings = {}): Promise<Ended> {
  return run(process.execPath, [program, ...args], {
    cwd,
    env: { HOME: join(lab, 'home'), NO_COLOR: '1', ...env },
    ...(user && isRoot && { user }),
  });
}

/** Puts files into a folder of their own, which belongs to somebody. */
export function put(name: string, files: Readonly<Record<string, string>>, owner = ordinary.uid): string {
  const target = join(lab, name);
  mkdirSync(target, { recursive: true });
  writeAll(target, files);
  if (isRoot) execFileSync('chown', ['-R', `${owner}:${owner}`, target]);
  return target;
}

/** A configuration with these plug-ins. */
export const lists = (...plugins: readonly string[]): string => JSON.stringify({ plugins });
