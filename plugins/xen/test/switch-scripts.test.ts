import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { unitsOf } from '@mln/core';
import xen from '@mln/plugin-xen';
import { createScripts } from '../../../core/src/scripts.js';
import { decided, testKernel } from '../../../test/support/test-kernel.js';
import { aliasOf, unmarkedOf } from '../src/bridges.js';

/*
 * The scripts of switches, with real bridges: in a network namespace of their own, which goes with its last process.
 */

/** Who is not root becomes so in a namespace of users. */
const apart = process.getuid?.() === 0 ? '-n' : '-rn';
const can = spawnSync('unshare', [apart, 'ip', 'link', 'add', 'name', 'br0', 'type', 'bridge']).status === 0;
const real = can ? test : test.skip;
const reason = can ? '' : ' (skipped: no bridges can be made in a namespace of ours)';

const folder = join(realpathSync(mkdtempSync(join(tmpdir(), 'mln-xen-'))), "it's a $HOME");
afterAll(() => {
  rmSync(dirname(folder), { recursive: true, force: true });
});

const text = `global { project lab }
host a { xen; network eth0 { switch lan } network eth1 { switch named } network eth2 { switch hub } }
switch lan { }
switch named { bridge br7 }
switch hub {
  hub
  mtu 1400
}
`;
const mln = await testKernel([xen], { projects: folder });
const project = await decided(mln, '/lab.mln', text);
const alias = aliasOf({ name: 'lan' }, project);
const unmarked = unmarkedOf({ name: 'lan' }, project);
for (const unit of unitsOf(project)) {
  const { scripts, files } = createScripts();
  mln.hooks.emitScripts.call(unit, scripts, project);
  for (const { path, text: script } of files) {
    const at = join(project.directory, unit.name, path);
    mkdirSync(dirname(at), { recursive: true });
    writeFileSync(at, script, { mode: 0o700 });
  }
}

const run = (commands: string): { status: number | null; said: string } => {
  const { status, stdout, stderr } = spawnSync(
    'unshare',
    [apart, 'sh', '-c', `cd "$0"\nexec 2>&1\n${commands}`, project.directory],
    {
      encoding: 'utf8',
    },
  );
  return { status, said: stdout + stderr };
};

const cases: readonly [what: string, commands: string, expected: string][] = [
  [
    'start, start again, stop, stop again',
    'lan/start; ip -o link show lan.lab | grep -o "alias .*"; lan/start; lan/stop; lan/stop; ip link show lan.lab',
    `alias ${alias}\nlan.lab runs already\nDevice "lan.lab" does not exist.\n`,
  ],
  [
    'a bridge is up, learns, and forwards at once',
    'lan/start; ip -d -o link show lan.lab | grep -o -e ",UP[,>]" -e "forward_delay [0-9]*" -e "ageing_time [0-9]*" -e "stp_state [0-9]" | tr -d ">,"',
    'UP\nforward_delay 0\nageing_time 30000\nstp_state 0\n',
  ],
  [
    'a hub forgets who is where',
    'hub/start; ip -d -o link show hub.lab | grep -o -e "ageing_time [0-9]*" -e "mtu 1400 "',
    'mtu 1400 \nageing_time 0\n',
  ],
  [
    'a bridge of that name that bears no mark',
    'ip link add lan.lab type bridge; lan/start; echo $?; lan/stop; ip -o link show lan.lab | grep -c lan',
    'lan.lab: the bridge lan.lab is not of this project: it bears no mark\n1\n1\n',
  ],
  [
    'a bridge of that name that others have marked',
    'ip link add lan.lab type bridge; ip link set dev lan.lab alias mln:lab:lan2; lan/start; echo $?; lan/stop; ip -o link show lan.lab | grep -c lan2',
    'lan.lab: the bridge lan.lab is not of this project: it is marked as mln:lab:lan2\n1\n1\n',
  ],
  [
    'another interface of that name',
    'ip link add lan.lab type veth peer name w; lan/start; echo $?; lan/stop; ip -o link show lan.lab | grep -c lan',
    'lan.lab: lan.lab is another network interface, and no bridge\n1\n1\n',
  ],
  [
    'a bridge that is named and missing is made, and removed',
    'named/start; ip -o link show br7 | grep -o "alias .*"; named/stop; ip link show br7',
    `alias ${aliasOf({ name: 'named' }, project)}\nDevice "br7" does not exist.\n`,
  ],
  [
    'a bridge that is named and there is used, and left alone',
    'ip link add br7 type bridge; named/start; ip -o link show br7 | grep -c -e alias -e ,UP; named/stop; ip -o link show br7 | grep -c br7',
    '0\n1\n',
  ],
  [
    'a bridge with a card in it is left',
    'lan/start; ip link add v type veth peer name w; ip link set v master lan.lab; lan/stop; echo $?; ip link del v; lan/stop; ip link show lan.lab',
    'lan.lab: the bridge lan.lab is left: v is still joined to it\n1\nDevice "lan.lab" does not exist.\n',
  ],
  [
    'a card that goes by itself is waited for',
    'lan/start; ip link add v type veth peer name w; ip link set v master lan.lab; { sleep 0.3; ip link del v; } & lan/stop; echo $?',
    '0\n',
  ],
  [
    'a start that was cut off before its bridge had its name',
    `ip link add ${unmarked} type bridge; lan/start; ip -br link show type bridge | grep -c .; lan/stop; ip -br link`,
    '1\nlo               DOWN           00:00:00:00:00:00 <LOOPBACK> \n',
  ],
  [
    'what such a start left is cleaned away',
    `ip link add ${unmarked} type bridge; lan/stop clean; ip link show ${unmarked}; ls lan`,
    `Device "${unmarked}" does not exist.\nstart\nstop\n`,
  ],
  [
    'a bridge that somebody makes meanwhile is his',
    'sed "s/^ip link add/ip link add lan.lab type bridge; &/" lan/start >lan/raced; chmod +x lan/raced; lan/raced 2>&1 | tail -n 1; ip -br link show type bridge | grep -c lan.lab',
    'lan.lab: the bridge lan.lab has just been made by somebody else\n1\n',
  ],
  ['a bridge that runs is not cleaned away', 'lan/start; lan/stop clean; ip -o link show lan.lab | grep -c lan', '1\n'],
];

real.each(cases)(`%s${reason}`, (_, commands, expected) => {
  expect(run(commands).said).toBe(expected);
});

real(`another than root is refused${reason}`, () => {
  const path = join(project.directory, 'bin');
  mkdirSync(path);
  writeFileSync(join(path, 'id'), '#!/bin/sh\necho 1000\n', { mode: 0o700 });
  expect(run('PATH=$PWD/bin:$PATH; lan/start')).toEqual({ status: 77, said: 'lan.lab: only root may make bridges\n' });
});
