import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

const root = process.cwd();
/** Names the installation that all tests of a run copy. */
const VARIABLE = 'MLN_TEST_INSTALLATION';

/** Gives a test an installation of its own, as `npm install` would make it. */
export function install(target: string): string {
  const made = process.env[VARIABLE];
  if (made === undefined) return layOut(target);
  execFileSync('cp', ['-a', '--', made, target]);
  return target;
}

/** Before a run of jest: makes what its tests copy. */
export default function setup(): void {
  process.env[VARIABLE] ??= layOut(join(mkdtempSync(join(tmpdir(), 'mln-installation-')), 'mln'));
}

/** Copies what `npm install` of the packages would bring: the checkout may lie where no other user can read it. */
function layOut(target: string): string {
  const listed = execFileSync('npm', ['ls', '--omit=dev', '--all', '--parseable'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  for (const path of listed.split('\n').filter((each) => each !== '' && realpathSync(each) !== root)) {
    const own = !path.includes('/node_modules/');
    const name = own ? packageName(path) : path.replace(/^.*?\/node_modules\//, '');
    const skipped = own ? ['node_modules', 'src', 'test'] : ['node_modules'];
    const filter = (each: string): boolean => !skipped.includes(relative(path, each));
    cpSync(path, join(target, 'node_modules', name), { recursive: true, dereference: true, filter });
  }
  for (const path of ['bin', 'package.json', 'mln.config.json'])
    cpSync(join(root, path), join(target, path), { recursive: true });
  if (!existsSync(join(target, 'node_modules/@mln/core/dist/index.js')))
    throw new Error('the packages are not compiled: npm run build');
  return target;
}

function packageName(folder: string): string {
  return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name: string }).name;
}
