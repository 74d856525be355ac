import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  filesBelow,
  giveAway,
  npm,
  ordinary,
  packFolder,
  packInto,
  root,
  run,
  scratch,
  serve,
  succeed,
  writeAll,
  type Ended,
} from '../packages/installation.js';

/* mln as users get it: packed, and installed by npm into folders that hold nothing else. */

const folder = scratch();
let tarballs: ReadonlyMap<string, string>;
beforeAll(() => {
  tarballs = packInto(join(folder, 'tarballs'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const home = join(folder, 'home');
const environment = {
  HOME: home,
  MLN_TEMPLATES: join(home, 'templates'),
  MLN_PROJECTS: join(home, 'projects'),
};

test('a package is its code, its types and its README', () => {
  expect(tarballs.size).toBeGreaterThan(9);
  for (const [name, tarball] of tarballs) {
    const to = join(folder, 'unpacked', name);
    mkdirSync(to, { recursive: true });
    execFileSync('tar', ['-xzf', tarball, '-C', to, '--strip-components=1']);
    const files = filesBelow(to);
    const source = name === '@mln/core' ? 'core' : name.replace('@mln/plugin-', 'plugins/');
    const ownFiles =
      name === 'mln'
        ? ['bin/mln.js', 'mln.config.json']
        : filesBelow(join(root, source, 'src')).map((path) => `types/${path.replace(/\.ts$/, '.d.ts')}`);
    expect(files.filter((path) => !/^dist\/([a-z-]+\/)*[\w-]+\.js$/.test(path))).toEqual(
      ['LICENSE', 'README.md', ...ownFiles, 'package.json'].sort(),
    );
    const telling = files.filter((path) => readFileSync(join(to, path), 'utf8').includes('sourceMappingURL'));
    const ofThisMachine = files.filter((path) => readFileSync(join(to, path), 'utf8').includes(`${root}/`));
    expect({ name, telling, ofThisMachine }).toEqual({ name, telling: [], ofThisMachine: [] });
  }
});

const project = `global {
  project lan
}
superclass all {
  memory 32M
  motto "far and wide"
}
${[1, 2, 3]
  .map(
    (number) => `host h${number} {
  superclass all
  network eth0 {
    switch s
    address 10.0.0.${number}/24
  }
}
`,
  )
  .join('')}switch s { }
`;

/** A plug-in that writes a keyword's value into each guest; as a file it also says what it is. */
const mottoPlugin = (keyword: string): string => `export default function plugin(mln) {
  mln.hooks.keywords.tap('${keyword}', (keywords) => {
    keywords.declare({ name: '${keyword}', in: ['host', 'superclass'], kind: 'word', help: 'A line for /etc/${keyword}.' });
  });
  mln.hooks.configureFilesystem.tapPromise('${keyword}', async (guest, host) => {
    await guest.write('/etc/${keyword}', \`\${host.keywords['${keyword}'] ?? 'nothing said'}\\n\`);
  });
}
`;

const pluginPackage = (name: string, more: object): string =>
  JSON.stringify({
    name,
    version: '1.2.3',
    type: 'module',
    exports: { '.': './index.js', './package.json': './package.json' },
    keywords: ['mln-plugin'],
    mln: { api: '^1.0.0' },
    peerDependencies: { '@mln/core': '^1.0.0' },
    ...more,
  });

describe('in a folder', () => {
  const place = join(folder, 'site');
  const mln = (...args: string[]): Promise<Ended> =>
    run('npx', ['--no-install', 'mln', ...args], { cwd: place, env: environment, user: ordinary });
  const ok = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await mln(...args);
    expect({ args, code, stderr: code === 0 ? '' : stderr }).toEqual({ args, code: 0, stderr: '' });
    return stdout;
  };

  beforeAll(async () => {
    const sources = join(folder, 'sources');
    const ran = `import { writeFileSync } from 'node:fs'; writeFileSync('${home}/ran', 'ran');`;
    writeAll(sources, {
      'pack/package.json': pluginPackage('@site/pack', { mln: { api: '^1.0.0', plugins: ['./one.js', '@site/two'] } }),
      'pack/one.js': `export const manifest = { name: 'one', version: '0.1.0', api: '^1.0.0' };\n${mottoPlugin('one')}`,
      'two/package.json': pluginPackage('@site/two', {}),
      'two/index.js': `import { failure } from '@mln/core';\nif (typeof failure !== 'function') throw new Error('no core');\n${mottoPlugin('two')}`,
      'next/package.json': pluginPackage('@site/next', { mln: { api: '^2.0.0' }, peerDependencies: {} }),
      'next/index.js': `${ran}\n${mottoPlugin('next')}`,
    });
    writeAll(place, {
      'lan.mln': project,
      'plugins/motto.js': `export const manifest = { name: 'motto', version: '0.2.0', api: '^1.0.0' };\n${mottoPlugin('motto')}`,
      'mln.config.yaml': `plugins:
  - "@mln/plugin-ext"
  - "@mln/plugin-linux"
  - ["@mln/plugin-uml", { default: true }]
  - "@site/pack"
  - ./plugins/motto.js
`,
      'next.config.yaml': 'plugins: ["@site/next"]\n',
    });
    const others = await Promise.all(
      ['pack', 'two', 'next'].map((name) => packFolder(join(sources, name), join(folder, 'others'))),
    );
    await npm(['install', ...tarballs.values(), ...others], { cwd: place });
    mkdirSync(home);
    giveAway(place);
    giveAway(home);
    await ok('template', 'build', 'tiny');
  }, 300_000);

  test('a project is planned with the plug-ins of a file and of a pack', async () => {
    const planned = await ok('plan');
    for (const host of ['h1', 'h2', 'h3']) expect(planned).toContain(host);
    expect((await ok('plan', 'h2', '/etc/motto')).trim()).toBe('far and wide');
    expect((await ok('plan', 'h2', '/etc/one')).trim()).toBe('nothing said');
    expect((await ok('plan', 'h2', '/etc/two')).trim()).toBe('nothing said');
  });

  test('the list of plug-ins tells their versions, and where they come from', async () => {
    const { items } = JSON.parse(await ok('plugin', 'list', '--json')) as {
      items: { name: string; version: string; source: string }[];
    };
    const found = new Map(items.map(({ name, version, source }) => [name, [version, source]]));
    expect(found.get('motto')).toEqual(['0.2.0', join(place, 'plugins/motto.js')]);
    expect(found.get('one')).toEqual(['0.1.0', join(place, 'node_modules/@site/pack/one.js')]);
    expect(found.get('@site/two')?.[0]).toBe('1.2.3');
    expect(found.get('@mln/plugin-uml')?.[0]).toMatch(/^\d+\.\d+\.\d+$/);
  });

  test('a plug-in for the next API is refused, and not a line of it is run', async () => {
    const { code, stderr } = await mln('--config', 'next.config.yaml', 'plan');
    expect(stderr).toMatch(/MLN_PLUGIN_API.*@site\/next/);
    expect(code).toBe(78);
    expect(existsSync(join(home, 'ran'))).toBe(false);
  });

  test('TypeScript knows the types that plug-ins and their tests import', async () => {
    writeAll(place, {
      'typed.mts': `import { failure, type Plugin } from '@mln/core';
import { tryPlugin } from '@mln/core/testing';

const plugin: Plugin = (mln, options) => {
  mln.hooks.transformTree.tapPromise('typed', (tree) => {
    if (options['strict'] === true) throw failure('MLN_USAGE', tree.file);
    return Promise.resolve(tree);
  });
};
export default plugin;

const { project, file } = await tryPlugin(plugin, 'host a { }');
const names: readonly string[] = project.hosts.map(({ name }) => name);
const text: string | null = file(names[0] ?? '', '/etc/hostname');
// @ts-expect-error – the types are not any.
const number: number = project.hosts;
console.log(text, number);
`,
    });
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023'];
    const types = ['--typeRoots', join(root, 'node_modules/@types'), '--types', 'node'];
    expect(await run(process.execPath, [compiler, ...flags, ...types, 'typed.mts'], { cwd: place })).toMatchObject({
      code: 0,
      stdout: '',
    });
  });
});

/*
 * For everybody on a machine. Of tarballs, all are named at once, and lie beside each other; from a registry, the packages
 * that mln depends on are inside of its own.
 */
describe.each(['tarballs', 'a registry'])('for everybody, from %s', (from) => {
  const prefix = join(folder, from.replaceAll(' ', '-'));
  const program = join(prefix, 'bin/mln');
  const person = { cwd: join(folder, 'person'), env: { HOME: join(folder, 'person') }, user: ordinary };

  beforeAll(async () => {
    const source = join(folder, 'sources-global');
    writeAll(source, {
      'package.json': pluginPackage('mln-site-greeting', {}),
      'index.js': `import { failure } from '@mln/core';\nif (typeof failure !== 'function') throw new Error('no core');\n${mottoPlugin('greeting')}`,
    });
    const plugin = await packFolder(source, join(folder, 'others'));
    const env = { npm_config_prefix: prefix };
    if (from === 'tarballs') {
      await npm(['install', '--global', ...tarballs.values(), plugin], { env });
    } else {
      const registry = await serve([...tarballs.values()]);
      try {
        const scope = `--@mln:registry=${registry.address}`;
        await npm(['install', '--global', scope, tarballs.get('mln') ?? ''], { env });
        await npm(['install', '--global', scope, plugin], { env });
      } finally {
        registry.close();
      }
    }
    writeAll(person.cwd, { '.config/mln/mln.config.yaml': 'plugins: ["@mln/plugin-linux", mln-site-greeting]\n' });
    giveAway(person.cwd);
  }, 300_000);

  test('the packages of mln are where they are said to be', () => {
    const inside = existsSync(join(prefix, 'lib/node_modules/mln/node_modules/@mln/core'));
    expect(inside).toBe(from === 'a registry');
  });

  test.each(['root, or whoever installs it', 'another user'])('it runs for %s', async (who) => {
    const options =
      who === 'another user'
        ? { ...person, env: { ...person.env, XDG_CONFIG_HOME: home } }
        : { cwd: folder, env: { HOME: home } };
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(await succeed(program, ['--version'], options)).toBe(`${version}\n`);
    expect(await succeed(program, ['plugin', 'list'], options)).toContain('@mln/plugin-uml');
    const { code, stderr, stdout } = await run(program, ['setup', '--check'], options);
    expect([0, 1]).toContain(code);
    expect(stdout + stderr).toMatch(/template/);
  });

  test('a plug-in installed beside it is found by its name', async () => {
    const listed = await succeed(program, ['plugin', 'list'], person);
    expect(listed).toContain('mln-site-greeting');
    expect(listed).not.toContain('@mln/plugin-uml');
  });
});
