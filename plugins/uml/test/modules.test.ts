import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { createGuest, type Filesystem, type Shell } from '@mln/core';
import uml from '@mln/plugin-uml';
import { decided, testKernel } from '../../../test/support/test-kernel.js';
import { copyModules } from '../src/modules.js';

const folder = mkdtempSync(join(tmpdir(), 'mln-uml-modules-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** What modprobe(8) reads: a module, and behind the colon all that it needs. */
const files: Readonly<Record<string, string>> = {
  'modules.dep': [
    'kernel/net/ipv6/ipv6.ko:',
    'kernel/net/bridge/bridge.ko: kernel/net/802/stp.ko kernel/net/llc/llc.ko',
    'kernel/net/802/stp.ko: kernel/net/llc/llc.ko',
    'kernel/net/llc/llc.ko:',
    'kernel/drivers/md/dm-mod.ko.xz:',
    'kernel/drivers/md/dm-snapshot.ko.xz: kernel/drivers/md/dm-mod.ko.xz',
    '',
  ].join('\n'),
  'modules.builtin': 'kernel/fs/ext4/ext4.ko\nkernel/net/packet/af_packet.ko\n',
  'modules.alias': '# aliases\n',
  'modules.order': 'not read by modprobe\n',
};
const modules = files['modules.dep']?.match(/^[^:\n]+(?=:)/gm) ?? [];
for (const path of [...Object.keys(files), ...modules]) {
  mkdirSync(dirname(join(folder, '6.1.0', path)), { recursive: true });
  writeFileSync(join(folder, '6.1.0', path), files[path] ?? path);
}

const empty: Filesystem = {
  list: (path) => Promise.resolve(path === '/' ? new Map() : null),
  read: (path) => Promise.reject(new Error(`there is no ${path}`)),
  readLink: (path) => Promise.reject(new Error(`there is no ${path}`)),
  apply: () => Promise.resolve(),
  check: () => Promise.resolve(),
  grow: () => Promise.resolve(),
  minimumSize: () => Promise.resolve(0),
};

/** The files that a host's modules bring into it, and what was run to find out. */
async function copied(body: string, version = '6.1.0'): Promise<{ files: string[]; ran: string[] }> {
  const mln = await testKernel([[uml, { default: true }]]);
  const project = await decided(mln, '/lab.mln', `global { project lab }\nhost a {\n${body}\n}\n`);
  const [host] = project.hosts;
  if (!host) throw new Error('no host');
  const ran: string[] = [];
  const shell: Shell = (program, args) => {
    ran.push([program, ...args].join(' '));
    return Promise.resolve({ exitCode: 0, stdout: `${version}\n`, stderr: '' });
  };
  const guest = createGuest(empty, project);
  await copyModules(guest, host, shell, folder);
  const edits = await guest.edits();
  return { files: edits.flatMap((edit) => (edit.do === 'file' ? [edit.path] : [])), ran };
}

const indexes = ['modules.alias', 'modules.builtin', 'modules.dep'];

const cases = [
  { body: 'modules { ipv6 }', expected: ['kernel/net/ipv6/ipv6.ko'] },
  { body: 'modules { ipv6 disable_ipv6=1 }', expected: ['kernel/net/ipv6/ipv6.ko'] },
  {
    body: 'modules { bridge }',
    expected: ['kernel/net/802/stp.ko', 'kernel/net/bridge/bridge.ko', 'kernel/net/llc/llc.ko'],
  },
  {
    body: 'modules { stp; bridge; ipv6 }',
    expected: [
      'kernel/net/802/stp.ko',
      'kernel/net/bridge/bridge.ko',
      'kernel/net/ipv6/ipv6.ko',
      'kernel/net/llc/llc.ko',
    ],
  },
  {
    body: 'modules { dm_snapshot }',
    expected: ['kernel/drivers/md/dm-mod.ko.xz', 'kernel/drivers/md/dm-snapshot.ko.xz'],
  },
  {
    body: 'modules { dm-snapshot }',
    expected: ['kernel/drivers/md/dm-mod.ko.xz', 'kernel/drivers/md/dm-snapshot.ko.xz'],
  },
  { body: 'modules { af_packet }', expected: [] },
];

test.each(cases)('$body brings $expected', async ({ body, expected }) => {
  const wanted = [...expected, ...indexes].map((path) => `/lib/modules/6.1.0/${path}`);
  expect((await copied(body)).files).toEqual(wanted.sort());
});

test('a module that the kernel has not is an error at its line', async () => {
  await expect(copied('modules {\n  ipv6\n  vfat\n}')).rejects.toMatchObject({
    code: 'MLN_UNSUPPORTED',
    message: 'a: the kernel has no module vfat',
    problems: [{ place: { line: 5 }, hint: `its modules are in ${join(folder, '6.1.0')}` }],
  });
});

test('the kernel itself is asked for its version', async () => {
  expect((await copied('modules { ipv6 }\nkernel "/opt/my linux"')).ran).toEqual(['/opt/my linux --version']);
  expect((await copied('modules { ipv6 }')).ran).toEqual(['linux.uml --version']);
});

test('nothing is run for a host without modules, nothing copied for a kernel whose modules are not kept', async () => {
  expect(await copied('memory 64M')).toEqual({ files: [], ran: [] });
  expect((await copied('modules { whatever }', '9.9.9')).files).toEqual([]);
});
