import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, lchownSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ordinary, run, type Ended } from './installation.js';
import { asRoot, code, folder, isRoot, lab, lists, mln, packageOf, program, put, ran, stranger } from './plugin-lab.js';

/* Whose code root runs. */

describe('root', () => {
  asRoot(
    'runs nothing of the working folder: neither files, nor packages, nor what is called like a standard plug-in',
    async () => {
      const cwd = put(
        'work',
        {
          'mln.config.json': lists('./evil.mjs', 'evil-package', '@mln/plugin-graph', '../../../evil.mjs'),
          'evil.mjs': code('evil'),
          ...packageOf('evil-package'),
          ...packageOf('@mln/plugin-graph'),
        },
        0,
      );
      const refused = await mln(['template', 'list'], { cwd });
      expect(refused).toMatchObject({ code: 78, stdout: '' });
      expect(refused.stderr.match(/MLN_\w+\]: the plug-in \S+/g)).toEqual([
        'MLN_PLUGIN_UNTRUSTED]: the plug-in ./evil.mjs',
        'MLN_PLUGIN_UNTRUSTED]: the plug-in evil-package',
      ]);
      expect(refused.stderr).toContain(`--config ${join(cwd, 'mln.config.json')}`);
      const { code: exit, stdout } = await mln(['plugin', 'list', '--json'], { cwd });
      const { items } = JSON.parse(stdout) as { items: readonly { name: string; source: string }[] };
      expect(items.map(({ name }) => name)).toEqual(['@mln/plugin-graph']);
      expect(items[0]?.source).toContain(join(folder, 'installation'));
      expect(exit).toBe(78);
      expect(ran()).toBe('');
    },
  );

  asRoot('uses no configuration of the working folder that others may have written', async () => {
    const cwd = put('work', { 'mln.config.json': lists() });
    expect(await mln(['template', 'list'], { cwd })).toMatchObject({
      code: 78,
      stderr: expect.stringContaining('belongs to another user') as unknown,
    });
  });

  asRoot('runs no configuration that is code, wherever it is, and says what to do', async () => {
    const text = `${code('configuration')}\nexport default { plugins: [] };`.replace('export default () => {};', '');
    const cwd = put('work', { 'mln.config.mjs': text }, 0);
    const configured = put('home/.config/mln', { 'mln.config.mjs': text }, 0);
    const hint = 'write it as mln.config.yaml';
    for (const ended of [
      await mln(['template', 'list'], { cwd }),
      await mln(['template', 'list', '--config', 'mln.config.mjs'], { cwd }),
      await mln(['template', 'list'], { cwd: put('empty', {}, 0) }),
    ])
      expect(ended).toMatchObject({ code: 78, stderr: expect.stringContaining(hint) as unknown });
    expect(existsSync(configured)).toBe(true);
    expect(ran()).toBe('');
  });

  asRoot('is not led to code by the settings of a library that reads configurations', async () => {
    const file = put('config', { 'mln.config.yaml': 'plugins: []\n', 'import.yaml': '$import: ./evil.cjs\n' }, 0);
    const evil = `require('fs').writeFileSync(${JSON.stringify(join(lab, 'trace/ran'))}, 'evil'); module.exports = {};`;
    const cwd = put('work', {
      '.config/config.js': evil,
      '.config/config.cjs': evil,
      'package.json': '{ "cosmiconfig": { "$import": "./.config/config.cjs" } }',
    });
    put('config', { 'evil.cjs': evil }, 0);
    expect(await mln(['template', 'list', '--config', join(file, 'mln.config.yaml')], { cwd })).toMatchObject({
      code: 0,
    });
    expect(await mln(['template', 'list', '--config', join(file, 'import.yaml')], { cwd })).toMatchObject({ code: 78 });
    expect(ran()).toBe('');
  });

  asRoot('runs no script of a project that others may have written, and takes no folders on their word', async () => {
    const script = `#!/bin/sh\necho script >>${join(lab, 'trace/ran')}\n`;
    const state = {
      schema: 1,
      builtAt: '2026-01-01T00:00:00.000Z',
      plugins: {},
      templates: {},
      project: {
        name: 'lab',
        home: null,
        source: '/',
        directory: '',
        switches: [{ kind: 'switch', name: 'lan', serviceHost: null, ports: [] }],
        hosts: [],
        hookBlocks: { beforeProjectStart: 'x' },
        variables: {},
        secret: null,
      },
    };
    const project = {
      'lab/state.json': JSON.stringify(state),
      'lab/lan/start': script,
      'lab/hooks/beforeProjectStart': script,
    };
    const projects = put('projects', project);
    const { code: exit, stderr } = await mln(['-P', projects, 'start', 'lab']);
    expect(exit).toBe(77);
    expect(stderr).toMatch(/error\[MLN_NOT_ALLOWED\].*belongs to another user/);
    expect(stderr).toContain(`sudo -u '#${ordinary.uid}' mln`);
    const work = put('work', { 'mln.config.json': JSON.stringify({ projects }) }, 0);
    chmodSync(work, 0o777);
    expect(await mln(['list'], { cwd: work })).toMatchObject({
      code: 78,
      stderr: expect.stringContaining('root runs what lies there') as unknown,
    });
    expect(ran()).toBe('');
  });

  asRoot('runs no module that lies where nobody has looked', async () => {
    const description = (module: string): string =>
      JSON.stringify({ name: 'p', version: '1.0.0', type: 'module', exports: module, mln: { api: '^1.0.0' } });
    const modules = ['.out/index.js', 'node_modules/x/index.js', '../outside.js', 'linked/index.js'];
    for (const [index, module] of modules.entries()) {
      const files = { 'mln.config.json': lists('./p'), 'p/package.json': description(`./${module}`) };
      const work = put(`work${index}`, files, 0);
      const target = module.startsWith('linked') ? 'elsewhere/index.js' : `p/${module}`;
      put(join(`work${index}`, target, '..').replace('p/..', '.'), {}, 0);
      put(`work${index}`, { [target]: code(module) }, 0);
      if (module.startsWith('linked')) symlinkSync(join(work, 'elsewhere'), join(work, 'p/linked'));
      chownSync(join(work, target), stranger, stranger);
      const { code: exit, stderr } = await mln(['template', 'list', '--config', join(work, 'mln.config.json')]);
      expect([exit, stderr]).toEqual([78, expect.stringContaining('MLN_PLUGIN_UNTRUSTED')]);
    }
    expect(ran()).toBe('');
  });

  asRoot('runs what a named configuration lists, as long as nobody else can have written it', async () => {
    const work = put(
      'mine',
      { 'deep/mln.config.json': lists('./own.mjs', 'pack'), 'deep/own.mjs': code('own'), ...packageOf('pack') },
      0,
    );
    const list = (): Promise<Ended> => mln(['template', 'list', '--config', join(work, 'deep/mln.config.json')]);
    expect(await list()).toMatchObject({ code: 0, stderr: '' });
    expect(ran()).toMatch(/^(own pack|pack own)$/);

    const file = join(work, 'deep/own.mjs');
    const inPack = join(work, 'node_modules/pack/index.js');
    const spoilt: readonly (readonly [spoil: () => void, mend: () => void, told: string])[] = [
      [
        () => {
          chownSync(file, stranger, 0);
        },
        () => {
          chownSync(file, 0, 0);
        },
        `${file} belongs to another user`,
      ],
      [
        () => {
          chmodSync(file, 0o666);
        },
        () => {
          chmodSync(file, 0o644);
        },
        `${file} can be written by everybody`,
      ],
      [
        () => {
          chownSync(file, 0, stranger);
          chmodSync(file, 0o664);
        },
        () => {
          chmodSync(file, 0o644);
        },
        `can be written by the group ${stranger}`,
      ],
      [
        () => {
          chmodSync(join(work, 'deep'), 0o777);
        },
        () => {
          chmodSync(join(work, 'deep'), 0o755);
        },
        `${join(work, 'deep')}, which can be written by everybody`,
      ],
      [
        () => {
          chownSync(work, stranger, 0);
        },
        () => {
          chownSync(work, 0, 0);
        },
        `${work}, which belongs to another user`,
      ],
      [
        () => {
          chownSync(inPack, stranger, 0);
        },
        () => {
          chownSync(inPack, 0, 0);
        },
        `${inPack} belongs to another user`,
      ],
    ];
    for (const [spoil, mend, told] of spoilt) {
      spoil();
      const { code: exit, stderr } = await list();
      mend();
      expect({ exit, stderr }).toMatchObject({ exit: 78, stderr: expect.stringContaining(told) as unknown });
      expect(stderr).toContain('MLN_PLUGIN_UNTRUSTED');
      expect(ran()).not.toContain(told.startsWith(inPack) ? 'pack' : 'own');
    }
    expect(await list()).toMatchObject({ code: 0 });

    chownSync(join(work, 'deep/mln.config.json'), stranger, 0);
    ran();
    const named = await list();
    expect(named.stderr).toMatch(
      /the plug-in \.\/own\.mjs is not run: .*mln\.config\.json, which lists it, belongs to another user/,
    );
    expect(ran()).toBe('');
  });

  asRoot('does not follow a link of its own to what belongs to others', async () => {
    const theirs = put('theirs', { 'evil.mjs': code('evil') }, stranger);
    const mine = put('mine', { 'mln.config.json': lists('./own.mjs') }, 0);
    symlinkSync(join(theirs, 'evil.mjs'), join(mine, 'own.mjs'));
    lchownSync(join(mine, 'own.mjs'), 0, 0);
    expect(await mln(['template', 'list', '--config', join(mine, 'mln.config.json')])).toMatchObject({
      code: 78,
      stderr: expect.stringContaining('MLN_PLUGIN_UNTRUSTED') as unknown,
    });
    expect(ran()).toBe('');
  });

  const namespace = spawnSync('unshare', ['-m', 'true']).status === 0;
  (isRoot && namespace ? test : test.skip)(
    'uses what is in /etc/mln (where it may have a namespace of its own)',
    async () => {
      const etc = put('etc', { 'mln.config.json': lists('./own.mjs'), 'own.mjs': code('own') }, 0);
      const script =
        'mkdir "$0/all" && cp -a /etc/. "$0/all" && rm -rf "$0/all/mln" && cp -a "$1" "$0/all/mln" && mount --bind "$0/all" /etc && shift && exec "$@"';
      const args = ['-m', 'sh', '-c', script, put('copy', {}, 0), etc, process.execPath, program];
      const cwd = put('work', {}, 0);
      const ended = await run('unshare', [...args, 'config', '--show-origin'], { cwd, env: { HOME: lab } });
      expect(ended).toMatchObject({ code: 0, stderr: '' });
      expect(ended.stdout).toMatch(/own +\/etc\/mln\/own\.mjs +\/etc\/mln\/mln\.config\.json/);
      expect(ran()).toBe('own');
    },
  );
});
