import { chmodSync, chownSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ordinary } from './installation.js';
import { asRoot, code, lists, mln, packageOf, put, ran, stranger } from './plugin-lab.js';

/* Whose code an ordinary user runs, and what is told of plug-ins that are broken. */

describe('an ordinary user', () => {
  const user = ordinary;

  test('runs files of the working folder, and hears nothing of what Node thinks of them', async () => {
    const cwd = put('work', {
      'package.json': '{ "name": "site" }',
      'mln.config.yaml': 'plugins: [./own.js]\n',
      'own.js': code('own'),
    });
    expect(await mln(['template', 'list'], { cwd, user })).toEqual({
      code: 0,
      stdout: expect.any(String) as unknown,
      stderr: '',
    });
    expect(ran()).toBe('own');
  });

  test('runs a configuration that is code and its own', async () => {
    const cwd = put('work', {
      'mln.config.js': `export default { plugins: ['./own.mjs'], stop_wait: 7 };`,
      'own.mjs': code('own'),
    });
    const { stdout, stderr } = await mln(['config', '--show-origin'], { cwd, user });
    expect(stderr).toBe('');
    expect(stdout).toMatch(/stop_wait +7 +\S+\/mln\.config\.js/);
    expect(ran()).toBe('own');
  });

  asRoot(
    'runs no configuration that is code and belongs to root or to others, or that everybody may write',
    async () => {
      const text = `${code('configuration').replace('export default () => {};', '')}export default {};`;
      const cwd = put('work', { 'mln.config.mjs': text });
      const path = join(cwd, 'mln.config.mjs');
      for (const [owner, mode] of [
        [0, 0o644],
        [stranger, 0o644],
        [user.uid, 0o666],
      ] as const) {
        chownSync(path, owner, 0);
        chmodSync(path, mode);
        expect(await mln(['template', 'list', '--config', path], { cwd, user })).toMatchObject({
          code: 78,
          stderr: expect.stringMatching(/is code, and is not run|belongs to another user/) as unknown,
        });
      }
      chmodSync(path, 0o644);
      chmodSync(cwd, 0o777);
      expect((await mln(['template', 'list'], { cwd, user })).stderr).toContain(
        `lies in ${cwd}, which can be written by everybody`,
      );
      expect(ran()).toBe('');
    },
  );

  test('runs no file that everybody may write, and none in such a folder', async () => {
    const cwd = put('work', { 'mln.config.json': lists('./plugins/own.mjs'), 'plugins/own.mjs': code('own') });
    const path = join(cwd, 'plugins/own.mjs');
    for (const [each, mode] of [
      [path, 0o644],
      [join(cwd, 'plugins'), 0o755],
    ] as const) {
      chmodSync(each, 0o777);
      const { code: exit, stderr } = await mln(['template', 'list'], { cwd, user });
      expect({ exit, stderr }).toMatchObject({
        exit: 78,
        stderr: expect.stringContaining('can be written by everybody') as unknown,
      });
      chmodSync(each, mode);
    }
    expect(ran()).toBe('');
    expect(await mln(['template', 'list'], { cwd, user })).toMatchObject({ code: 0 });
  });

  asRoot('runs no file of a third person; those of root are well', async () => {
    const cwd = put('work', {
      'mln.config.json': lists('./own.mjs', 'pack'),
      'own.mjs': code('own'),
      ...packageOf('pack'),
    });
    chownSync(join(cwd, 'own.mjs'), stranger, stranger);
    chownSync(join(cwd, 'node_modules/pack/index.js'), stranger, stranger);
    const { stderr } = await mln(['template', 'list'], { cwd, user });
    expect(stderr.match(/MLN_PLUGIN_UNTRUSTED/g)).toHaveLength(2);
    expect(ran()).toBe('');
    chownSync(join(cwd, 'own.mjs'), 0, 0);
    chownSync(join(cwd, 'node_modules/pack/index.js'), 0, 0);
    expect(await mln(['template', 'list'], { cwd, user })).toMatchObject({ code: 0 });
  });
});

describe('what is told of broken plug-ins', () => {
  const user = ordinary;

  test('all of it in one run, each with its place and its remedy; verbs that mend it run all the same', async () => {
    const cwd = put('work', {
      'mln.config.json': lists(
        './syntax.mjs',
        './deep.mjs',
        './missing.mjs',
        './lone.mjs',
        './old.mjs',
        './good.mjs',
        './setup.mjs',
        'none',
      ),
      'syntax.mjs': `${code('syntax')}\nconst x = ;\n`,
      'deep.mjs': `import './deeper.mjs';\n${code('deep')}`,
      'deeper.mjs': 'export const a = 1;\n  export let b =;\n',
      'missing.mjs': `import 'figlet';\n${code('missing')}`,
      'lone.mjs': `import '@mln/core';\n${code('lone')}`,
      'old.mjs': code('old', '^2.0.0'),
      'good.mjs': code('good'),
      'setup.mjs': code('setup').replace('() => {}', '(mln) => {\n  mln.nothing.at.all();\n}'),
    });
    const { code: exit, stdout, stderr } = await mln(['template', 'list'], { cwd, user });
    expect({ exit, stdout }).toEqual({ exit: 78, stdout: '' });
    const lines = stderr.split('\n');
    const told = (start: string): string =>
      lines
        .slice(lines.findIndex((line) => line.startsWith(start)))
        .slice(0, 2)
        .join('\n');
    expect(told('syntax.mjs:6:11: error[MLN_PLUGIN_IMPORT]')).toContain(
      'the plug-in ./syntax.mjs is not right JavaScript',
    );
    expect(told('deeper.mjs:2:17: error[MLN_PLUGIN_IMPORT]')).toContain('the plug-in deep is not right JavaScript');
    expect(told('error[MLN_PLUGIN_IMPORT]: the plug-in missing')).toMatch(
      /imports figlet, which is not installed\n {2}hint: npm install figlet, in .*work$/,
    );
    expect(told('error[MLN_PLUGIN_IMPORT]: the plug-in lone')).toMatch(/hint: .*mln\.core$/);
    expect(stderr).toMatch(/\.mjs:\d+:\d+: error\[MLN_PLUGIN_API\]: the plug-in old is made for plug-in API \^2\.0\.0/);
    expect(told('error[MLN_PLUGIN_NOT_FOUND]')).toMatch(/none is not installed\n {2}hint: npm install none/);
    expect(told('setup.mjs:5:15: error[MLN_PLUGIN_SETUP]')).toContain('the plug-in setup failed while it was set up');
    expect(ran().split(' ').sort()).toEqual(['good', 'setup']);

    const listed = await mln(['plugin', 'list'], { cwd, user });
    expect(listed).toMatchObject({ code: 78, stderr: '' });
    expect(listed.stdout).toMatch(/^good 1\.0\.0\n/);
    expect(listed.stdout.match(/cannot be used/g)).toHaveLength(7);
    for (const args of [['--help'], ['version'], ['config'], ['explain', 'MLN_PLUGIN_SETUP'], ['start', '--help']])
      expect(await mln(args, { cwd, user })).toMatchObject({ code: 0 });
    expect((await mln(['--help'], { cwd, user })).stdout).toContain('Some plug-ins cannot be used: mln plugin list');
  });

  test('MLN_DEBUG shows where an error of a plug-in comes from', async () => {
    const cwd = put('work', {
      'mln.config.json': lists('./own.mjs'),
      'own.mjs': code('own').replace(
        '() => {}',
        `({ hooks }) => {
  hooks.commands.tap('own', () => {
    null.nothing;
  });
}`,
      ),
    });
    const plain = await mln(['template', 'list'], { cwd, user });
    expect(plain).toMatchObject({ code: 1 });
    expect(plain.stderr).toMatch(
      /^own\.mjs:6:10: error\[MLN_PLUGIN_FAILED\]: the plug-in own failed in commands: Cannot read/,
    );
    expect(plain.stderr).toContain('MLN_DEBUG=1');
    expect(plain.stderr).not.toContain('    at ');
    for (const env of [{ MLN_DEBUG: '1' }, { NODE_DEBUG: 'mln' }] as Record<string, string>[])
      expect((await mln(['template', 'list'], { cwd, user, env })).stderr).toMatch(
        /TypeError: Cannot read .*\n +at .*own\.mjs:6:10/,
      );
  });
});
