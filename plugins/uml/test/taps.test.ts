import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { laboratory, processesIn, until, type Laboratory } from './laboratory.js';

/* Who makes a tap takes it away, and nothing else; against an ip that only pretends. */

const text = `global { project lab }
host a {
  network eth0 { tun_iface tapa; tun_address 10.0.0.1; address 10.0.0.2/25; mtu 1400 }
  network eth1 { bridge br0 }
  network eth2 { slirp }
}
switch s { tap taps }
`;
const fine = { status: 0, stdout: '', stderr: '' };

const labs: Laboratory[] = [];
afterEach(() => {
  for (const lab of labs.splice(0)) lab.close();
});

interface Machine extends Laboratory {
  /** The file that stands for an interface of the machine. */
  link(name: string): string;
  has(name: string): boolean;
}

async function open(shell: string): Promise<Machine> {
  const lab = await laboratory(text, shell);
  labs.push(lab);
  const link = (name: string): string => `${dirname(dirname(lab.path('')))}/interfaces/${name}`;
  mkdirSync(dirname(link('x')));
  return { ...lab, link, has: (name) => existsSync(link(name)) };
}

function add(machine: Machine, name: string, line: string): void {
  writeFileSync(machine.link(name), `${line}\n`);
}

const usable = ((): boolean => {
  try {
    accessSync('/dev/net/tun', constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
})();

(usable ? describe : describe.skip).each(['/bin/dash', '/bin/bash'])('%s (taps need /dev/net/tun)', (shell) => {
  test('root’s taps are made, and gone when their guest has ended', async () => {
    const lab = await open(shell);
    const bridged = String(lab.project.hosts[0]?.interfaces[1]?.keywords?.['tun_iface']);
    expect(lab.run('a/start').stderr).toContain('there is no bridge br0; as root: ip link add br0 type bridge');
    await until(() => !lab.has('tapa'));
    add(lab, 'br0', '3: br0: <BROADCAST,UP> mtu 1500 bridge forward_delay');
    expect(lab.run('a/start')).toEqual(fine);
    expect(lab.read('a/arguments')).toMatch(
      new RegExp(`^eth0=tuntap,tapa,fe:fd:.*\neth1=tuntap,${bridged},fe:fd:.*\neth2=slirp,,slirp-fullbolt$`, 'm'),
    );
    expect(readFileSync(lab.link('tapa'), 'utf8')).toContain('<BROADCAST,UP> mtu 1400');
    expect(readFileSync(lab.link('tapa.addresses'), 'utf8')).toContain('10.0.0.1/25');
    expect(readFileSync(lab.link(bridged), 'utf8')).toContain('master br0');
    expect(lab.run('a/stop kill')).toEqual(fine);
    await until(() => !lab.has('tapa') && !lab.has(bridged));
    expect(lab.has('br0')).toBe(true);
    await until(() => processesIn(lab.path('a')).length === 0);
    expect(lab.exists('a/taps')).toBe(false);
  });

  test('a switch has its tap, and takes it away', async () => {
    const lab = await open(shell);
    expect(lab.run('s/start')).toEqual(fine);
    expect(lab.read('s/arguments')).toBe('-unix\nctl\n-tap\ntaps\n');
    expect(lab.has('taps')).toBe(true);
    expect(lab.run('s/stop')).toEqual(fine);
    expect(lab.has('taps')).toBe(false);
    expect(lab.run('s/start')).toEqual(fine);
    process.kill(lab.pid('s'), 'SIGKILL');
    await until(() => !lab.has('taps'));
  });

  test('a start that fails midway undoes what it made', async () => {
    const lab = await open(shell);
    expect(lab.run('s/start', { FAKE_IP_FAILS: 'link set dev taps up' })).toEqual({
      ...fine,
      status: 1,
      stderr: 's.lab: the tap taps cannot be switched on\n',
    });
    await until(() => !lab.has('taps'));
    expect(lab.run('s/start', { FAKE_SWITCH: 'dies' }).stderr).toContain('it ended at once');
    await until(() => !lab.has('taps'));
    expect(lab.run('s/start')).toEqual(fine);
  });

  test('what others have made is used and left', async () => {
    const lab = await open(shell);
    add(lab, 'taps', '9: taps: <BROADCAST,UP> mtu 1500 tun type tap user someone');
    expect(lab.run('s/start', { FAKE_USER: 'someone' })).toEqual(fine);
    expect(lab.run('s/stop', { FAKE_USER: 'someone' })).toEqual(fine);
    expect(lab.run('s/start')).toEqual(fine);
    expect(lab.run('s/stop')).toEqual(fine);
    expect(lab.has('taps')).toBe(true);
  });

  test('what has been made anew by others since is theirs', async () => {
    const lab = await open(shell);
    expect(lab.run('s/start')).toEqual(fine);
    const [own] = lab.read('s/taps').split('\n').slice(-2);
    expect(own).toMatch(/^taps \d+ [0-9a-f-]{36}$/);
    add(lab, 'taps', '99: taps: <BROADCAST,UP> mtu 1500 tun type tap');
    expect(lab.run('s/stop')).toEqual(fine);
    expect(lab.has('taps')).toBe(true);
    rmSync(lab.link('taps'));
  });

  test('whoever was killed before he knew the number of his tap has made it all the same', async () => {
    const lab = await open(shell);
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    add(lab, 'taps', '12: taps: <BROADCAST> mtu 1500 tun type tap');
    lab.write('s/taps', `taps none another-boot\n`);
    expect(lab.run('s/stop clean')).toMatchObject({ status: 0 });
    expect(lab.has('taps')).toBe(true);
    lab.write('s/taps', `taps none ${boot}\n`);
    expect(lab.run('s/stop clean')).toMatchObject({ status: 0 });
    expect(lab.has('taps')).toBe(false);
  });

  const refused: readonly (readonly [link: string | null, expected: string])[] = [
    [null, 'there is no tap taps; as root: ip tuntap add dev taps mode tap user someone && ip link set dev taps up'],
    ['9: taps: <UP> mtu 1500 bridge', 'taps is no tap, but another network interface'],
    ['9: taps: <UP> mtu 1500 tun type tap user other', 'the tap taps belongs to another user; as root: ip tuntap del'],
    ['9: taps: <UP> mtu 1500 tun type tap group other', 'the tap taps belongs to another user; as root: ip tuntap del'],
    ['9: taps: <BROADCAST> mtu 1500 tun type tap', 'the tap taps is down; as root: ip link set dev taps up'],
    ['9: taps: <UP,LOWER_UP> mtu 1500 tun type tap', 'the tap taps is in use by another program'],
  ];

  test.each(refused)('%s: %s', async (link, expected) => {
    const lab = await open(shell);
    if (link !== null) add(lab, 'taps', link);
    const { status, stderr } = lab.run('s/start', { FAKE_USER: 'someone' });
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining(`s.lab: ${expected}`) });
    expect(processesIn(lab.path('s'))).toEqual([]);
  });
});
