import { expect, test } from '@jest/globals';
import { configure, oneHost } from './configure.js';
import { fakeFilesystem, outline } from './fake-filesystem.js';

const cases = [
  {
    name: 'the root filesystem of the template gives way',
    before: '# comment\n/dev/sda1 / ext4 defaults 0 1\nproc /proc proc defaults 0 0\n',
    body: '',
    kept: '# comment\nproc /proc proc defaults 0 0\n',
    lines: '/dev/vda / auto defaults 0 1\n',
  },
  {
    name: 'swap of the template stays where the project has none',
    before: '/dev/sda2 none swap sw 0 0\n',
    body: '',
    kept: '/dev/sda2 none swap sw 0 0\n',
    lines: '/dev/vda / auto defaults 0 1\n',
  },
  {
    name: 'and goes where it has some',
    before: '/dev/sda2 none swap sw 0 0\n',
    body: 'swap 64M',
    kept: '',
    lines: '/dev/vda / auto defaults 0 1\n/dev/vdb none swap sw 0 0\n',
  },
  {
    name: 'mounts, in their order',
    before: '/dev/sda3 /srv ext4 defaults 0 2\n',
    body: 'mount {\n  /images/a /srv\n  /images/b /data xfs ro,noatime\n}',
    kept: '',
    lines: '/dev/vda / auto defaults 0 1\n/dev/vdb /srv auto defaults 0 2\n/dev/vdc /data xfs ro,noatime 0 2\n',
  },
  {
    name: 'folders of the physical host',
    before: '',
    body: 'mount {\n  "/home/my docs" /docs hostfs\n  /b /b hostfs ro\n}',
    kept: '',
    lines: '/dev/vda / auto defaults 0 1\nnone /docs hostfs /home/my\\040docs 0 0\nnone /b hostfs /b,ro 0 0\n',
  },
  {
    name: 'a mount point with a blank',
    before: '/dev/sda3 /my\\040data ext4 defaults 0 2\n',
    body: 'mount { /images/a "/my data" ext4 }',
    kept: '',
    lines: '/dev/vda / auto defaults 0 1\n/dev/vdb /my\\040data ext4 defaults 0 2\n',
  },
  {
    name: 'a file that does not end in a newline',
    before: 'proc /proc proc defaults 0 0',
    body: '',
    kept: 'proc /proc proc defaults 0 0\n',
    lines: '/dev/vda / auto defaults 0 1\n',
  },
];

test.each(cases)('$name', async ({ before, body, kept, lines }) => {
  const filesystem = fakeFilesystem(`--- /bin/busybox\n--- /etc/fstab 0600\n${before}`);
  await filesystem.apply(await configure(oneHost(body), filesystem));
  expect(filesystem.nodes.get('/etc/fstab')).toMatchObject({ mode: 0o644 });
  expect(filesystem.nodes.get('/etc/fstab')?.content.toString()).toBe(
    `${kept}# mln disks begin\n${lines}# mln disks end\n`,
  );
  expect(outline(await configure(oneHost(body), filesystem))).toEqual([]);
});

test('mount points are made, and one that is there stays as it is', async () => {
  const filesystem = fakeFilesystem('--- /bin/busybox\n--- /data/ 0700 33:33\n');
  const edits = await configure(oneHost('mount {\n  /a /data\n  /b /deep/er\n}'), filesystem);
  expect(outline(edits).filter((line) => /\/data|\/deep/.test(line))).toEqual([
    'directory 0755 0:0 /deep',
    'directory 0755 0:0 /deep/er',
  ]);
});
