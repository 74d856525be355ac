import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { install } from '../guests/installation.js';
import { run, scratch, type Ended } from './installation.js';

/*
 * mln setup --service-host as root runs it, on a machine whose folders are lent: what it writes to /etc, /var/lib and
 * /usr/local lies in a mount namespace of the test.
 */

const isRoot = process.getuid?.() === 0;
const folder = scratch();
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a script where the folders of the system are copies that go away with it; gives what each command printed. */
function onLentMachine(script: string): Promise<Ended> {
  const lent = join(folder, 'lent');
  mkdirSync(lent, { recursive: true });
  const mounts = `set -e
mount -t tmpfs none ${lent}
cp -a /etc ${lent}/etc
rm -rf ${lent}/etc/mln
mount --bind ${lent}/etc /etc
for each in /var/lib /run /usr/local/share; do mount -t tmpfs none $each; done
set +e
`;
  return run('unshare', ['--mount', 'sh', '-c', mounts + script], { env: { HOME: '/root', NO_COLOR: '1' } });
}

(isRoot ? test : test.skip)(
  `a service host is made whole: accounts, certificate folder, roles, unit; its configuration counts, and --remove leaves the accounts${isRoot ? '' : ' (skipped: not root)'}`,
  async () => {
    const mln = `${process.execPath} ${join(install(join(folder, 'installation')), 'bin/mln.js')}`;
    const out = (name: string): string => join(folder, name);
    // The group is there already, and not setup's; the user is not, whatever the machine has.
    const { code, stderr } = await onLentMachine(`
userdel mln-guest 2>/dev/null
getent group mln >/dev/null || groupadd --system mln
${mln} setup --service-host backend3 >${out('first')} || exit 10
getent passwd mln-guest >${out('passwd')} || exit 11
stat -c '%a %U' /etc/mln/fleet >${out('fleet')}
${mln} setup --check >${out('check')} || exit 12
${mln} setup >${out('second')} || exit 13
cat /etc/systemd/system/mln-daemon.service >${out('unit')} || exit 14
cat /etc/mln/fleet/roles.yaml >${out('roles')} || exit 15
cd / && ${mln} config --json --show-origin >${out('config')} || exit 16
${mln} plugin list >${out('plugins')} || exit 17
cp /var/lib/mln/setup.json ${out('record')}
sed -i 's/#memory: "16G"/memory: "1G"/; s/#allow:/allow:/' /etc/mln/mln.config.yaml
${mln} config --json >${out('chosen')} || exit 18
${mln} setup --remove >${out('removed')} || exit 19
getent passwd mln-guest >${out('still')} || exit 20
exit 0`);
    const said = (name: string): string => readFileSync(out(name), 'utf8');
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('this server needs a certificate') });
    expect(said('first')).toMatch(/^✓ made +guests of others +user mln-guest$/m);
    expect(said('first')).toMatch(/^✓ there +users of the socket +group mln$/m);
    expect(said('passwd')).toMatch(/^mln-guest:x:\d+:\d+:guests of others:\/nonexistent:\/bin\/false$/m);
    expect(said('fleet')).toBe('700 root\n');
    expect(said('second')).toContain('nothing is to be done');
    expect(said('unit')).toContain(`ExecStart=`);
    expect(said('roles')).toContain(`principals: ['server:*']`);
    expect(JSON.parse(said('config'))).toMatchObject({ values: { service_host: 'backend3' } });
    expect(said('plugins')).toMatch(/^@mln\/plugin-daemon \d/m);
    expect(Object.keys((JSON.parse(said('record')) as { wrote: object }).wrote)).toEqual(
      expect.arrayContaining(['user mln-guest', '/etc/mln/fleet/roles.yaml', '/etc/mln/fleet']),
    );
    expect(said('record')).not.toContain('group mln"');
    expect(JSON.parse(said('chosen'))).toMatchObject({ service_host: 'backend3' });
    expect(said('removed')).toContain('left, files may be theirs: user mln-guest (as root: userdel mln-guest)\n');
    expect(said('removed')).toContain('removed: /etc/mln/fleet\n');
    expect(said('still')).toBe(said('passwd'));
  },
  60_000,
);

const analyze = isRoot && canAnalyze();

(analyze ? test : test.skip)(
  `systemd has nothing against the unit of the daemon${analyze ? '' : ' (skipped: no systemd-analyze that runs here)'}`,
  async () => {
    const stage = join(folder, 'stage');
    const program = join(install(join(folder, 'for-units')), 'bin/mln.js');
    const args = ['setup', '--service-host', 'gw', '--prefix', stage];
    expect(await run(process.execPath, [program, ...args], { cwd: folder })).toMatchObject({ code: 0 });
    const unit = join(stage, 'usr/lib/systemd/system/mln-daemon.service');
    expect(await run('systemd-analyze', ['verify', '--man=no', unit])).toMatchObject({ code: 0, stderr: '' });
    const broken = join(folder, 'broken.service');
    writeFileSync(broken, readFileSync(unit, 'utf8').replace('KillMode=process', 'KillMode=gently'));
    expect((await run('systemd-analyze', ['verify', '--man=no', broken])).stderr).toContain('gently');
  },
);

function canAnalyze(): boolean {
  try {
    execFileSync('systemd-analyze', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
