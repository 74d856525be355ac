import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { bootMachine, guestKernel, guestRamdisk, spareDisk, type Machine } from './machine.js';

/*
 * The life of a project on a real Xen: from a template to the last trace gone. One machine is booted for all, and each
 * test goes on where the one before it has ended.
 */

const hosts = ['gw', 'www1', 'www2'];
const volumes = ['gw.kafe', 'gw.kafe-swap', 'www1.kafe', 'www2.kafe'];
const projects = '/var/lib/mln/projects';
const page = 'the coffee is ready';
const files = {
  'root/kafe.mln': readFileSync(join(import.meta.dirname, 'kafe.mln'), 'utf8'),
  'root/www/index.html': `${page}\n`,
  'etc/mln/mln.config.yaml': `plugins:
  - standard
  - ['@mln/plugin-xen', { kernel: ${guestKernel}, ramdisk: ${guestRamdisk} }]
  - ['@mln/plugin-lvm', { volumeGroup: vg0 }]
`,
};

let machine: Machine;
let close = (): Promise<void> => Promise.resolve();
/** What went wrong first, in a test that others go on from. */
let broken: string | null = null;

beforeAll(async () => {
  machine = await bootMachine(512, files);
  close = () => machine.close();
  await machine.sh(`pvcreate -q -y ${spareDisk} && vgcreate -q vg0 ${spareDisk}`);
}, 600_000);
afterAll(() => close(), 60_000);

/** The last words of the dom0 and of each guest. */
async function consoles(): Promise<string> {
  const logs = `cd ${projects}/kafe; tail -n 12 */console.log; tail -n 2 */xl.log */console.err; xl list; pgrep -a xenconsole`;
  const { stdout } = await machine.run(['sh', '-c', logs], { seconds: 30 }).catch(() => ({ stdout: '' }));
  return `The console of the dom0:\n${machine.consoleEnd()}\nThose of guests:\n${stdout}`;
}

/** A part of that life; what was written on the consoles is told with what went wrong. */
function part(name: string, body: () => Promise<void>, { needed = false } = {}): void {
  test(
    name,
    async () => {
      if (broken !== null) throw new Error(`nothing to go on from: ${broken}`);
      const begun = performance.now();
      try {
        await body();
        // Jest itself tells of a file of tests when all are done.
        process.stderr.write(`${Math.round((performance.now() - begun) / 1000)} s: ${name}\n`);
      } catch (error) {
        if (needed) broken = name;
        process.stderr.write(
          `${Math.round((performance.now() - begun) / 1000)} s: failed: ${name}\n${String(error)}\n`,
        );
        if (error instanceof Error) error.message += `\n\n${await consoles()}`;
        throw error;
      }
    },
    900_000,
  );
}

interface Shown {
  readonly name: string;
  readonly kind: string;
  readonly state: string;
  readonly ready: boolean | null;
  readonly saved?: true;
  readonly memory: number | null;
  readonly cpu: number | null;
  readonly network: { readonly received: number; readonly sent: number } | null;
}

async function statuses(): Promise<ReadonlyMap<string, Shown>> {
  const told = JSON.parse(await machine.ok(['status', '--json', '-p', 'kafe'])) as { items: readonly Shown[] };
  return new Map(told.items.map((item) => [item.name, item]));
}

/** What Xen, LVM and the kernel have, without those that were there before. */
async function traces(): Promise<{ domains: string[]; volumes: string[]; bridges: string[] }> {
  const lines = async (command: string): Promise<string[]> =>
    (await machine.sh(command)).split('\n').flatMap((line) => line.trim().split(/\s+/)[0] || []);
  return {
    domains: (await lines('xl list | tail -n +3')).sort(),
    volumes: (await lines('lvs --noheadings -o lv_name vg0')).sort(),
    bridges: (await lines('ip -br link show type bridge')).sort(),
  };
}

/** Types a line on a guest's console, and gives what came until it was done. */
async function type(host: string, command: string): Promise<string> {
  const number = (typed += 1);
  // The marks are put together by the guest's shell: the echo of what was typed is not it.
  const line = `echo be""gin-${number}; ${command}; echo e""nd-${number}\n`;
  const log = await machine.sh(
    `cd ${projects}/kafe/${host}
until grep -q 'root@${host}:' console.log; do sleep 0.2; done
cat >console.in
until grep -q ^end-${number} console.log; do sleep 0.2; done
cat console.log`,
    { input: line, seconds: 120 },
  );
  const clean = log.replaceAll('\r', '');
  return clean.slice(
    clean.indexOf(`\nbegin-${number}\n`) + `\nbegin-${number}\n`.length,
    clean.indexOf(`end-${number}\n`),
  );
}
let typed = 0;

part(
  'a build makes a volume for each host, tagged and clean',
  async () => {
    await machine.ok(['template', 'build', 'tiny']);
    await machine.ok(['build', '-f', 'kafe.mln']);
    expect((await traces()).volumes).toEqual(volumes);
    const tags = (await machine.sh('lvs --noheadings -o lv_name,lv_tags vg0')).trim().split(/\s+/);
    for (const volume of volumes)
      expect(tags[tags.indexOf(volume) + 1]?.split(',').sort()).toEqual([
        expect.stringMatching(/^mln-id:[0-9a-f]{16}$/),
        `mln:kafe:${volume.replace(/\..*/, '')}`,
      ]);
    for (const host of hosts) await machine.sh(`e2fsck -fn /dev/vg0/${host}.kafe`);
  },
  { needed: true },
);

part('a start without an existing bridge fails, tells which, and leaves nothing', async () => {
  const { code, stderr } = await machine.mln(['start', '-p', 'kafe']);
  expect(stderr).toContain('MLN_NO_BRIDGE');
  expect(stderr).toContain('there is no bridge back-net, which eth1 of gw is to be joined to');
  expect(code).toBe(1);
  expect(await traces()).toMatchObject({ domains: [], bridges: [] });
});

part(
  'a start brings all of them up, and waits until they are ready',
  async () => {
    await machine.sh(
      'ip link add back-net type bridge && ip addr add 10.9.0.254/24 dev back-net && ip link set back-net up',
    );
    await machine.ok(['start', '-p', 'kafe', '--wait', '240'], { seconds: 330 });
    expect(await traces()).toMatchObject({
      domains: ['gw.kafe', 'www1.kafe', 'www2.kafe'],
      bridges: ['back-net', 'lan.kafe'],
    });
  },
  { needed: true },
);

part('status tells memory, processor time and network of each', async () => {
  const told = await statuses();
  expect(told.get('lan')).toMatchObject({ kind: 'switch', state: 'up' });
  for (const host of hosts) {
    const status = told.get(host);
    expect(status).toMatchObject({ kind: 'host', state: 'up', ready: true, memory: 128 * 1024 ** 2 });
    expect(status?.cpu).toBeGreaterThan(0);
    expect(status?.network?.sent).toBeGreaterThan(0);
  }
});

part('guests have their files, users and startup', async () => {
  expect(await machine.ok(['log', '-p', 'kafe', 'www1'])).toContain(`startup: www1 shows ${page}`);
  expect(await type('www1', 'cat /var/www/index.html; id guest; hostname')).toMatch(
    new RegExp(`^${page}\\nuid=\\d+\\(guest\\) .*\\nwww1\\n$`),
  );
});

part('guests are paravirtual, or run by the processor’s virtualisation, and have their swap disk', async () => {
  const read = JSON.parse(await machine.sh('xl list -l')) as { config: { c_info: { name: string; type: string } } }[];
  const types = read.map(({ config: { c_info } }) => `${c_info.name} ${c_info.type}`);
  expect(types.sort()).toEqual(expect.arrayContaining(['gw.kafe pv', 'www1.kafe pv', 'www2.kafe pvh']));
  expect(await type('gw', 'cat /proc/swaps')).toMatch(/^\/dev\/xvdb\s+partition/m);
});

part('guests reach each other over the switch: typed by mln console', async () => {
  // A segment that an emulated machine is late with is sent again only after a while: better to ask anew.
  const get = 'until timeout 10 wget -q -O - http://10.0.0.12/; do sleep 1; done';
  const line = `ping -c 2 -W 10 10.0.0.12; ${get}; echo web""-done\n`;
  await machine.ok(['console', '-p', 'kafe', 'www1'], { input: line });
  const log = await machine.sh(
    `cd ${projects}/kafe/www1; until grep -q web-done console.log; do sleep 0.2; done; cat console.log`,
    { seconds: 120 },
  );
  expect(log).toContain('2 packets transmitted, 2 packets received, 0% packet loss');
  expect(log.slice(log.indexOf('packet loss'))).toContain(page);
});

part('the gateway joins both networks', async () => {
  await machine.sh('ip route add 10.0.0.0/24 via 10.9.0.1');
  const get = 'exec 3<>/dev/tcp/10.0.0.12/80 && printf "GET / HTTP/1.0\\r\\n\\r\\n" >&3 && cat <&3';
  const { stdout } = await machine.run(['bash', '-c', get], { seconds: 60 });
  expect(stdout.split('\r\n\r\n')[1]).toBe(`${page}\n`);
});

part('a guest whose memory is saved goes on where it was', async () => {
  const before = await type('www1', 'cat /proc/sys/kernel/random/boot_id; echo kept >/dev/shm/note');
  await machine.ok(['stop', '--save', '-p', 'kafe', '-h', 'www1'], { seconds: 180 });
  expect((await traces()).domains).toEqual(['gw.kafe', 'www2.kafe']);
  expect((await statuses()).get('www1')).toMatchObject({ state: 'down', saved: true });
  const resized = await machine.mln(['disk', 'resize', '-p', 'kafe', 'www1', '64M']);
  expect(resized.stderr).toContain('MLN_MEMORY_SAVED');
  expect(resized.code).toBe(1);
  await machine.ok(['start', '-p', 'kafe', '-h', 'www1', '--wait'], { seconds: 180 });
  expect(await type('www1', 'cat /proc/sys/kernel/random/boot_id /dev/shm/note')).toBe(`${before}kept\n`);
  expect(await type('www1', 'ping -c 1 -w 20 10.0.0.1')).toContain(' 0% packet loss');
});

part('a stop that waits ends all of them, and takes away the bridge that it made', async () => {
  await machine.ok(['stop', '-p', 'kafe', '-w', '60'], { seconds: 300 });
  expect(await traces()).toEqual({
    domains: [],
    volumes,
    bridges: ['back-net'],
  });
  for (const { name, state } of (await statuses()).values()) expect([name, state]).toEqual([name, 'down']);
  for (const host of hosts) await machine.sh(`e2fsck -fn /dev/vg0/${host}.kafe`);
});

part('a resized disk is as large inside the guest', async () => {
  await machine.ok(['disk', 'resize', '-p', 'kafe', 'www2', '64M']);
  expect((await machine.sh('lvs --noheadings --units m --nosuffix -o lv_size vg0/www2.kafe')).trim()).toBe('64.00');
  await machine.sh('e2fsck -fn /dev/vg0/www2.kafe');
  await machine.ok(['start', '-p', 'kafe', '-h', 'www2', '--wait', '240'], { seconds: 330 });
  const blocks = /^\S+\s+(\d+)/m.exec(await type('www2', 'df -k / | tail -n 1'))?.[1];
  expect(Number(blocks)).toBeGreaterThan(55_000);
  expect(await type('www2', 'cat /var/www/index.html')).toBe(`${page}\n`);
  await machine.ok(['stop', '-p', 'kafe', '-w', '60'], { seconds: 300 });
});

part('a removal leaves nothing of the project', async () => {
  await machine.ok(['remove', '-p', 'kafe', '-y']);
  expect(await traces()).toEqual({ domains: [], volumes: [], bridges: ['back-net'] });
  expect(await machine.ok(['list'])).toBe('');
  expect(await machine.sh(`ls ${projects}; dmsetup ls`)).toBe('No devices found\n');
});
