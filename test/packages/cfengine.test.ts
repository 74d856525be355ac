import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { scratchFolder } from '../../core/test/scratch.js';

/*
 * The policies that mln has written into the disks of guests, as the real CFEngine 3 reads them: cf-promises(8) checks
 * the whole language, cf-agent(8) who may write them. The working directory is a copy of the guest's.
 */

const root = process.cwd();
const folder = scratchFolder();
const examples = join(root, 'examples');
const env = { ...process.env, MLN_PROJECTS: join(folder, 'projects'), MLN_TEMPLATES: join(folder, 'templates') };

function mln(...args: string[]): string {
  const config = join(examples, 'cfengine3.config.yaml');
  return execFileSync(process.execPath, [join(root, 'bin/mln.js'), '--config', config, ...args], {
    env,
    encoding: 'utf8',
    stdio: 'pipe',
  });
}

/** Builds a project and copies CFEngine's working directory out of a host's disk; gives where it is. */
function workingDirectory(text: string, project: string, host: string): string {
  const file = join(folder, `${project}.mln`);
  writeFileSync(file, text.replace('project cfengine3', `project ${project}`));
  mln('build', '-f', file);
  mln('disk', 'flatten', '-p', project, host);
  const copy = join(folder, `${project}-${host}`);
  mkdirSync(copy);
  const image = join(env.MLN_PROJECTS, project, host, 'root.img');
  execFileSync('debugfs', ['-R', `rdump /var/lib/cfengine3 ${copy}`, image], { stdio: 'pipe' });
  return join(copy, 'cfengine3');
}

function cfPromises(directory: string, ...args: string[]): { readonly status: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync('cf-promises', [...args, '-f', join(directory, 'inputs/promises.cf')], {
    env: { ...process.env, CFENGINE_TEST_OVERRIDE_WORKDIR: directory },
    encoding: 'utf8',
  });
  return { status, said: stdout + stderr };
}

const hasCfengine = spawnSync('cf-promises', ['--version']).status === 0;
const checked = hasCfengine ? test : test.skip;
const why = hasCfengine ? '' : ' (skipped: no cf-promises here)';
const example = readFileSync(join(examples, 'cfengine3.mln'), 'utf8');

beforeAll(() => {
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  mln('template', 'build', 'tiny');
});

checked.each(['web', 'build'])(`cf-promises accepts the policy of %s${why}`, (host) => {
  const directory = workingDirectory(example, `right-${host}`, host);
  expect(cfPromises(directory)).toEqual({ status: 0, said: '' });
  expect(cfPromises(directory, '--show-vars=default:sys.policy_hub').said).toMatch(/sys\.policy_hub +10\.0\.0\.1 /);
});

checked(`cf-promises refuses a policy with a comma too few${why}`, () => {
  const broken = example.replace('create => "true",', 'create => "true"');
  expect(broken).not.toBe(example);
  const { status, said } = cfPromises(workingDirectory(broken, 'wrong', 'web'));
  expect(status).toBe(1);
  expect(said).toContain('syntax error');
});

const small = `global { project cfengine3 }
host a {
  cfagent {
    body common control { bundlesequence => { "main" }; }
    bundle agent main { reports: "from $(sys.policy_hub)"; }
  }
}
`;

checked(`cf-agent runs a policy as it lies on the disk, and would not if others could write it${why}`, () => {
  const directory = workingDirectory(small, 'small', 'a');
  for (const each of ['bin', 'ppkeys', 'state']) mkdirSync(join(directory, each), { mode: 0o700 });
  for (const each of ['cf-promises', 'cf-agent'])
    symlinkSync(
      execFileSync('sh', ['-c', `command -v ${each}`], { encoding: 'utf8' }).trim(),
      join(directory, 'bin', each),
    );
  const own = { env: { ...process.env, CFENGINE_TEST_OVERRIDE_WORKDIR: directory }, encoding: 'utf8' } as const;
  const key = spawnSync('cf-key', own);
  expect(key.status).toBe(0);
  const policy = join(directory, 'inputs/promises.cf');
  const agent = (): string => spawnSync('cf-agent', ['--no-lock', '-f', policy], own).stdout;
  expect(agent()).toBe('R: from 10.0.0.1\n');
  chmodSync(policy, 0o666);
  expect(agent()).toContain('is writable by others');
});

test('a plan of the paper’s example shows the policy', () => {
  mln('template', 'build', 'tiny', '--name', 'ubuntu-server-cfengine.ext3');
  const file = join(examples, 'cfengine.mln');
  const standard = ['--config', join(root, 'mln.config.json')];
  expect(mln(...standard, 'plan', '-f', file)).toContain('/cfengine/inputs/cfagent.conf');
  expect(mln(...standard, 'plan', 'agent', '/cfengine/inputs/cfagent.conf', '-f', file).trimEnd()).toBe(`control:
  any::
    actionsequence =
    (
      shellcommands
      processes
    )
shellcommands:
  "/usr/bin/updatedb"
processes:
  "cron" signal=hup`);
});

/** The options and what is wrong with them. */
test.each([
  ['version: 4', 'version'],
  ['path: cfagent.conf', 'path'],
  ['policy_server: "x ) y"', 'policy_server'],
  ['policy: x', 'policy'],
])('the option %s is refused', (option, named) => {
  const config = join(folder, 'options.yaml');
  writeFileSync(config, `plugins: [['@mln/plugin-cfengine', { ${option} }]]\n`);
  const { status, stderr } = spawnSync(
    process.execPath,
    [join(root, 'bin/mln.js'), '--config', config, 'validate', '-f', join(examples, 'cfengine.mln')],
    { env, encoding: 'utf8' },
  );
  expect(stderr).toContain('MLN_PLUGIN_OPTIONS');
  expect(stderr).toContain(named);
  expect(status).toBe(78);
});
