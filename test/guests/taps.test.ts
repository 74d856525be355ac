import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { exchange } from './exchange.js';
import { openNamespace, type Namespace } from './namespace.js';
import { openLab, until, type Lab } from './support.js';

/*
 * Taps of the physical host: those that root's mln makes and takes away, and those that root has made for somebody.
 * All of it in a network namespace of the test's own.
 */

const isRoot = process.getuid?.() === 0;
const reason = 'only root makes network namespaces for others';

(isRoot ? describe : describe.skip)(`taps (${reason})`, () => {
  let lab: Lab;
  let namespace: Namespace;
  const guest = 'memory 64M';

  beforeAll(async () => {
    lab = await openLab();
    namespace = openNamespace(lab);
    await ok('root', 'template', 'build', 'tiny');
  }, 60_000);
  afterAll(async () => {
    await lab.close();
    namespace.close();
  });

  const mln = (user: 'root' | 'lab', ...args: string[]) => namespace.run(user, process.execPath, lab.program, ...args);
  const ok = async (user: 'root' | 'lab', ...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await mln(user, ...args);
    if (code !== 0) throw new Error(`mln ${args.join(' ')} ended with ${code ?? 'a signal'}:\n${stdout}${stderr}`);
    return stdout;
  };
  const projectsOf = (user: 'root' | 'lab'): string =>
    user === 'root' ? join(dirname(lab.folder), 'of-root') : lab.projects;
  const links = (): string[] =>
    namespace
      .root('ip', '-br', 'link')
      .split('\n')
      .flatMap((line) => line.split(' ')[0] ?? [])
      .filter((name) => !['', 'lo', 'br0'].includes(name));
  const type = (user: 'root' | 'lab', host: string, command: string): Promise<string> =>
    lab.type(user === 'root' ? '../../of-root/out' : 'out', host, command);
  const inside = (): string[] => ['ip', 'netns', 'exec', `mln-test-${process.pid}`];

  test('root’s are made, used, counted, and gone with their guest', async () => {
    namespace.root('ip', 'link', 'add', 'br0', 'type', 'bridge');
    namespace.root('ip', 'address', 'add', '10.2.0.1/24', 'dev', 'br0');
    namespace.root('ip', 'link', 'set', 'br0', 'up');
    const file = lab.write(
      'out.mln',
      `global { project out }
host a {
  ${guest}
  network eth0 { tun_iface tapa; tun_address 10.0.0.1; address 10.0.0.2/24; mtu 1400 }
  network eth1 { tun_address 10.1.0.1/24; address 10.1.0.2/24 }
  network eth2 { switch lan; address 10.2.0.2/24 }
}
host b { ${guest}; network eth0 { bridge br0; address 10.2.0.3/24 } }
switch lan { tap tapl; bridge br0 }
`,
    );
    await ok('root', 'build', '-f', file);
    await ok('root', 'start', '-p', 'out', '--wait', '60');
    expect(links()).toHaveLength(4);
    expect(links().every((name) => /^(tap[al]|mln[0-9a-f]{12})$/.test(name))).toBe(true);
    expect(namespace.root('ip', 'link', 'show', 'tapa')).toContain('mtu 1400');
    for (const address of ['10.0.0.1', '10.1.0.1', '10.2.0.1', '10.2.0.3'])
      expect(await type('root', 'a', `ping -c 1 -w 10 ${address}`)).toContain('1 packets received');
    for (const listen of ['10.0.0.1', '10.2.0.1'])
      await exchange(lab, (command) => type('root', 'a', command), { listen, inside: inside() });
    const { items } = JSON.parse(await ok('root', 'status', '-p', 'out', '--json')) as {
      items: { name: string; network: { received: number; sent: number } | null }[];
    };
    for (const name of ['a', 'lan']) {
      const counted = items.find((each) => each.name === name)?.network;
      expect(counted?.received).toBeGreaterThan(1_048_576);
      expect(counted?.sent).toBeGreaterThan(1_048_576);
    }

    process.kill(-Number(readFileSync(join(projectsOf('root'), 'out/b/pid'), 'utf8')), 'SIGKILL');
    await until(() => links().length === 3, 'the tap of a guest that was killed to go');
    await ok('root', 'stop', '-p', 'out');
    await until(() => links().length === 0, 'the taps to go');
    await until(() => lab.processes().length === 0, 'all processes to end');
  }, 90_000);

  test('root’s that nobody could take away are taken away by clean; those of others are left, and used', async () => {
    namespace.root('ip', 'tuntap', 'add', 'dev', 'tapl', 'mode', 'tap');
    namespace.root('ip', 'link', 'set', 'tapl', 'up');
    const file = lab.write(
      'out.mln',
      `global { project out }
host a { ${guest}; network eth0 { tun_iface tapa } }
switch lan { tap tapl }
`,
    );
    await ok('root', 'build', '-r', '-f', file);
    await ok('root', 'start', '-p', 'out');
    execFileSync('sh', [
      '-c',
      'for each in $(pgrep -f "^flock untap"); do [ "$(readlink "/proc/$each/cwd")" != "$0" ] || kill -9 "$each"; done',
      join(projectsOf('root'), 'out/a'),
    ]);
    process.kill(-Number(readFileSync(join(projectsOf('root'), 'out/a/pid'), 'utf8')), 'SIGKILL');
    await until(() => !lab.processes().some((each) => each.includes('mln=a.out')), 'the guest to die');
    expect(links()).toEqual(['tapl', 'tapa']);
    await ok('root', 'clean', '-p', 'out');
    expect(links()).toEqual(['tapl']);
    await ok('root', 'stop', '-p', 'out');
    expect(links()).toEqual(['tapl']);
    namespace.root('ip', 'link', 'delete', 'tapl');
    await ok('root', 'remove', '-p', 'out', '-y');
  }, 60_000);

  test('an ordinary user is told what root has to do, and then uses it', async () => {
    const file = lab.write(
      'out.mln',
      `global { project out }
host a { ${guest}; network eth0 { tun_iface tapa; tun_address 10.0.0.1; address 10.0.0.2/24 } }
host b { ${guest}; network eth0 { switch lan; address 10.5.0.2/24 } }
switch lan { vde; tap tapl }
`,
    );
    await ok('lab', 'build', '-f', file);
    const told = async (): Promise<string> => {
      const { code, stderr } = await namespace.run('lab', join(lab.projects, 'out/a/start'), 'none');
      expect(code).toBe(1);
      expect(lab.processes()).toEqual([]);
      return stderr;
    };
    const user = execFileSync('id', ['-un', String(lab.spawnOptions.uid)], { encoding: 'utf8' }).trim();
    const line = `ip tuntap add dev tapa mode tap user ${user} && ip address add 10.0.0.1/24 dev tapa && ip link set dev tapa up`;
    chmodSync(join(lab.folder, 'tun'), 0o600);
    expect(await told()).toContain('/dev/net/tun may not be opened; as root: chmod 0666 /dev/net/tun');
    chmodSync(join(lab.folder, 'tun'), 0o666);
    expect(await told()).toContain(`there is no tap tapa; as root: ${line}`);
    namespace.root('ip', 'tuntap', 'add', 'dev', 'tapa', 'mode', 'tap', 'user', 'nobody');
    expect(await told()).toContain(`belongs to another user; as root: ip tuntap del dev tapa mode tap && ${line}`);
    namespace.root('ip', 'tuntap', 'del', 'dev', 'tapa', 'mode', 'tap');
    namespace.root('ip', 'link', 'add', 'tapa', 'type', 'bridge');
    expect(await told()).toContain('tapa is no tap, but another network interface');
    namespace.root('ip', 'link', 'delete', 'tapa');
    namespace.root('ip', 'tuntap', 'add', 'dev', 'tapa', 'mode', 'tap', 'user', user);
    expect(await told()).toContain('the tap tapa is down; as root: ip link set dev tapa up');
    namespace.root('ip', 'link', 'set', 'dev', 'tapa', 'up');
    expect(await told()).toContain(
      'does not have the address 10.0.0.1/24; as root: ip address add 10.0.0.1/24 dev tapa',
    );
    namespace.root('ip', 'address', 'add', '10.0.0.1/24', 'dev', 'tapa');
    namespace.root('ip', 'tuntap', 'add', 'dev', 'tapl', 'mode', 'tap', 'user', user);
    namespace.root('ip', 'address', 'add', '10.5.0.1/24', 'dev', 'tapl');
    namespace.root('ip', 'link', 'set', 'dev', 'tapl', 'up');
    await ok('lab', 'start', '-p', 'out', '--wait', '60');
    expect(await type('lab', 'a', 'ping -c 1 -w 10 10.0.0.1')).toContain('1 packets received');
    expect(await type('lab', 'b', 'ping -c 1 -w 10 10.5.0.1')).toContain('1 packets received');
    await exchange(lab, (command) => type('lab', 'a', command), { listen: '10.0.0.1', inside: inside() });
    await ok('lab', 'stop', '-p', 'out');
    expect(links().sort()).toEqual(['tapa', 'tapl']);
    expect(lab.processes()).toEqual([]);
  }, 90_000);
});
