import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { bootMachine, guestKernel, guestRamdisk, spareDisk, type Machine } from './machine.js';

/*
 * A guest of User-Mode Linux becomes one of Xen, on a logical volume, and goes back: what is in /home is the same byte for
 * byte, and everything else of the guest is as a build would have made it. The guest boots on a real Xen; of its life on
 * User-Mode Linux there is its disk alone, as the machine of the tests has no kernel for it.
 */

const project = (how: string): string => `global { project moved }
host m {
  ${how}
  template tiny
  memory 128M
  size 24M
  users { ann }
  startup { dmesg -n 1 }
}
`;
const files = {
  'root/uml.mln': project(''),
  'root/xen.mln': project('xen; lvm'),
  'etc/mln/mln.config.yaml': `plugins:
  - standard
  - ['@mln/plugin-xen', { kernel: ${guestKernel}, ramdisk: ${guestRamdisk} }]
  - ['@mln/plugin-lvm', { volumeGroup: vg0 }]
`,
};
const folder = '/var/lib/mln/projects/moved/m';
const [file, volume] = [`${folder}/root.img`, '/dev/vg0/m.moved'];

let machine: Machine;
let close = (): Promise<void> => Promise.resolve();

beforeAll(async () => {
  machine = await bootMachine(128, files);
  close = () => machine.close();
  await machine.sh(`pvcreate -q -y ${spareDisk} && vgcreate -q vg0 ${spareDisk}`);
  await machine.ok(['template', 'build', 'tiny']);
  await machine.ok(['build', '-f', 'uml.mln']);
  // What the guest would have written into its home.
  await machine.sh(
    `head -c 700000 /dev/urandom >/tmp/data; printf 'cd /home/ann\\nwrite /tmp/data data\\nset_inode_field data uid 1000\\nset_inode_field data mode 0100600\\nsymlink link data\\n' >/tmp/edits; debugfs -w -f /tmp/edits ${file}; e2fsck -fn ${file}`,
  );
}, 600_000);
afterAll(() => close(), 60_000);

/** All of a folder of a disk: names, owners, modes, links and the digest of each file. */
async function tree(disk: string, of: string): Promise<string> {
  return machine.sh(
    `rm -rf /tmp/tree; mkdir /tmp/tree; debugfs -R 'rdump ${of} /tmp/tree' ${disk} 2>/dev/null; cd /tmp/tree
find . | sort | while read -r each; do ls -ldn "$each" | awk '{ print $1, $3, $4, $9, $11 }'; [ ! -f "$each" ] || [ -h "$each" ] || sha256sum "$each"; done`,
  );
}

let [home, etc] = ['', ''];

test('from User-Mode Linux to a volume of Xen: it boots there, with all of /home', async () => {
  [home, etc] = [await tree(file, '/home'), await tree(file, '/etc')];
  expect(home).toContain('./home/ann/data');
  await machine.ok(['upgrade', '-f', 'xen.mln', '--start'], { seconds: 300 });
  expect(await machine.sh(`ls ${folder}`)).not.toContain('root.img');
  const log = `${folder}/console.log`;
  const line = 'sha256sum /home/ann/data; cat /proc/mounts; echo m""-done\n';
  await machine.sh(`until grep -q 'root@m:' ${log}; do sleep 0.2; done; cat >${folder}/console.in`, {
    input: line,
    seconds: 240,
  });
  const shown = await machine.sh(`until grep -q '^m-done' ${log}; do sleep 0.2; done; cat ${log}`, { seconds: 120 });
  const digest = (await machine.sh('sha256sum </tmp/data')).slice(0, 64);
  expect(shown).toContain(`${digest}  /home/ann/data`);
  await machine.ok(['stop', '-p', 'moved', '-w', '60'], { seconds: 180 });
  expect(await tree(volume, '/home')).toBe(home);
  expect((await machine.run(['debugfs', '-R', 'cat /etc/fstab', volume])).stdout).toContain('/dev/xvda');
}, 900_000);

test('and back: the volume is gone, /home and all files of mln are as they were', async () => {
  await machine.ok(['upgrade', '-f', 'uml.mln'], { seconds: 300 });
  expect(await machine.sh('lvs --noheadings -o lv_name vg0')).toBe('');
  await machine.sh(`e2fsck -fn ${file}`);
  expect(await tree(file, '/home')).toBe(home);
  expect(await tree(file, '/etc')).toBe(etc);
  expect((await machine.run(['debugfs', '-R', 'cat /etc/fstab', file])).stdout).toContain('/dev/ubda');
}, 600_000);
