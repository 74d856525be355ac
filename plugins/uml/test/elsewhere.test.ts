import { expect, test } from '@jest/globals';
import { createScripts } from '../../../core/src/scripts.js';
import { decided, testKernel } from '../../../test/support/test-kernel.js';
import { fileStore, type Plugin } from '@mln/core';
import uml from '@mln/plugin-uml';

/** Keeps root disks as devices. */
const devices: Plugin = ({ hooks, shell }) => {
  hooks.resolveUnit.tap('devices', (unit) =>
    unit.kind === 'host'
      ? { ...unit, disks: unit.disks.map((disk) => (disk.role === 'root' ? { ...disk, store: 'device' } : disk)) }
      : unit,
  );
  hooks.disk.tap('devices', (disk, host, project) =>
    disk.store === 'device'
      ? { ...fileStore(disk, host, project, shell), inside: false, path: `/dev/group/it's ${host.name}` }
      : undefined,
  );
};

test('a disk that its store keeps elsewhere is reached through a link, and is there before the start', async () => {
  const mln = await testKernel([devices, [uml, { default: true }]]);
  const project = await decided(mln, '/x.mln', 'global { project p }\nhost a { swap 1M }');
  const { scripts, files } = createScripts();
  for (const host of project.hosts) mln.hooks.emitScripts.call(host, scripts, project);
  const start = files.find(({ path }) => path === 'start')?.text.split('\n') ?? [];
  expect(start.filter((line) => /^ln -sfn|^need_free [^(]|^ {2}ubd/.test(line))).toEqual([
    '  ubd0=disk0 \\',
    '  ubd1=swap.img \\',
    `need_free '/dev/group/it'\\''s a'`,
    'need_free swap.img',
    `ln -sfn -- '/dev/group/it'\\''s a' disk0`,
  ]);
});
