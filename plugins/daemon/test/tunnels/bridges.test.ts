import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runShell } from '../../../../core/src/shell.js';
import { joinProject, leaveProject } from '../../src/tunnels/join.js';
import { deviceOf, numbersFor } from '../../src/tunnels/numbers.js';
import type { Joined } from '../../src/tunnels/state.js';
import { tunnelsOf } from '../../src/tunnels/tunnels.js';
import { readVxlans } from '../../src/tunnels/vxlan.js';
import { cable, digestOf, hindrance, namespace, serve, until, type Namespace } from './guests.js';
import { laboratory, type Lab } from './laboratory.js';

/*
 * A switch of Xen guests on several servers: real bridges and VXLANs, each server in a network namespace of its own, with
 * a network between them. The guests are namespaces with a cable into the bridge.
 */

const names = ['alpha', 'beta', 'gamma'] as const;
const text = (addresses: readonly string[]): string => `global { project lab }
switch lan { }
${names.map((name, index) => `host h${index} { xen; service_host ${name}; network eth0 { switch lan; address ${addresses[index] ?? ''} } }`).join('\n')}
`;
const none = { failures: [] };
const joined = [none, none, none];

const families = [
  { family: 'IPv4', own: (n: number) => `10.99.0.${n}`, prefix: 24, mtu: 1450 },
  { family: 'IPv6', own: (n: number) => `fd99::${n}`, prefix: 64, mtu: 1430 },
];

(hindrance === null ? describe : describe.skip).each(families)(
  `VXLAN over $family (${hindrance ?? 'for real'})`,
  ({ family, own, prefix, mtu }) => {
    let lab: Lab;
    let servers: Namespace[] = [];
    let guests: Namespace[] = [];
    let between: Namespace;
    const all = <T>(act: (name: string, index: number) => Promise<T>): Promise<T[]> => Promise.all(names.map(act));
    const joinAll = (): Promise<unknown[]> => all((name) => joinProject(lab.server(name).daemon, 'lab', ['lan']));
    const leaveAll = (): Promise<unknown[]> => all((name) => leaveProject(lab.server(name).daemon, 'lab', ['lan']));
    const numbers = (): Promise<(number | undefined)[]> =>
      all(async (name) => {
        const links = await readVxlans(lab.server(name).daemon.mln.shell);
        return links.find((each) => each.name === device())?.number;
      });
    const device = (): string => deviceOf(lab.project, { name: 'lan' });
    const kept = (name: string): string => join(lab.server(name).daemon.places.state, 'tunnels/lab.lan.json');
    const [first = 0, second = 0] = [...numbersFor({ name: 'lab', secret: 'fixed' }, { name: 'lan' })];
    const at = (list: readonly Namespace[], index: number): Namespace => {
      const found = list[index];
      if (!found) throw new Error(`there is none of number ${index}`);
      return found;
    };

    beforeAll(async () => {
      between = await namespace();
      await between.run('ip', 'link', 'add', 'middle', 'type', 'bridge');
      await between.run('ip', 'link', 'set', 'middle', 'up');
      servers = await all(async (_name, index) => {
        const made = await namespace();
        await cable([made, 'out', `${own(index + 1)}/${prefix}`], [between, `to${index}`, null]);
        await between.run('ip', 'link', 'set', `to${index}`, 'master', 'middle');
        return made;
      });
      lab = await laboratory(text(names.map((_name, index) => `10.7.0.${index + 1}/24`)), names, {
        namespaces: Object.fromEntries(names.map((name, index) => [name, at(servers, index).name])),
        addresses: Object.fromEntries(names.map((name, index) => [name, own(index + 1)])),
      });
      guests = await all(async (name, index) => {
        await lab.server(name).run('lan/start');
        const guest = await namespace();
        await cable([guest, 'eth0', `10.7.0.${index + 1}/24`], [at(servers, index), 'vif1.0', null]);
        await guest.run('ip', 'link', 'set', 'eth0', 'mtu', String(lab.project.hosts[index]?.interfaces[0]?.mtu));
        await at(servers, index).run('ip', 'link', 'set', 'vif1.0', 'master', 'lan.lab');
        return guest;
      });
    });
    afterEach(leaveAll);
    afterAll(async () => {
      for (const guest of guests) await guest.close();
      await lab.close();
      for (const each of [...servers, between]) await each.close();
    });

    test('guests of different servers reach each other and fetch a file, and nothing is left', async () => {
      expect(lab.project.hosts.map(({ interfaces }) => interfaces[0]?.mtu)).toEqual([mtu, mtu, mtu]);
      expect(await joinAll()).toEqual(joined);
      expect(await numbers()).toEqual([first, first, first]);
      for (const [from, to] of [
        [0, 1],
        [1, 2],
        [2, 0],
      ] as const)
        expect(await at(guests, from).pings(`10.7.0.${to + 1}`)).toBe(true);
      await serve(at(guests, 0), 1024 * 1024);
      expect(await at(guests, 1).fetch('10.7.0.1')).toBe(digestOf(1024 * 1024));
      expect(JSON.parse(readFileSync(kept('beta'), 'utf8'))).toEqual({
        project: 'lab',
        switch: 'lan',
        joined: true,
        number: first,
        device: device(),
      } satisfies Joined);

      expect(await leaveAll()).toEqual(joined);
      expect(await numbers()).toEqual([undefined, undefined, undefined]);
      expect(names.map((name) => existsSync(kept(name)))).toEqual([false, false, false]);
      expect(await at(guests, 0).pings('10.7.0.2')).toBe(false);
    });

    test('a link that was cut and is mended', async () => {
      await joinAll();
      expect(await at(guests, 0).pings('10.7.0.2')).toBe(true);
      await between.run('ip', 'link', 'set', 'to1', 'down');
      expect(await at(guests, 0).pings('10.7.0.2')).toBe(false);
      expect(await at(guests, 0).pings('10.7.0.3')).toBe(true);
      await between.run('ip', 'link', 'set', 'to1', 'up');
      await until(() => at(guests, 0).pings('10.7.0.2'));
    });

    if (family === 'IPv6') return;

    test('a number that somebody has on one server is had by nobody', async () => {
      const server = at(servers, 1);
      await server.run(
        'ip',
        'link',
        'add',
        'theirs',
        'type',
        'vxlan',
        'id',
        String(first),
        'local',
        own(2),
        'dstport',
        '4789',
      );
      try {
        expect(await joinAll()).toEqual(joined);
        expect(await numbers()).toEqual([second, second, second]);
        expect(await at(guests, 1).pings('10.7.0.3')).toBe(true);
      } finally {
        await server.run('ip', 'link', 'delete', 'theirs');
      }
    });

    test('who comes later and has the number already has all others take another', async () => {
      await all((name, index) =>
        index === 2 ? Promise.resolve(none) : joinProject(lab.server(name).daemon, 'lab', ['lan']),
      );
      expect(await numbers()).toEqual([first, first, undefined]);
      const server = at(servers, 2);
      await server.run(
        'ip',
        'link',
        'add',
        'theirs',
        'type',
        'vxlan',
        'id',
        String(first),
        'local',
        own(3),
        'dstport',
        '4789',
      );
      try {
        expect(await joinProject(lab.server('gamma').daemon, 'lab', ['lan'])).toEqual(none);
        expect(await numbers()).toEqual([second, second, second]);
        expect(await at(guests, 0).pings('10.7.0.3')).toBe(true);
        expect(await at(guests, 0).pings('10.7.0.2')).toBe(true);
      } finally {
        await server.run('ip', 'link', 'delete', 'theirs');
      }
    });

    test('bridges stay joined while a daemon is away; what it finds of a switch that has ended it takes away', async () => {
      await joinAll();
      await lab.server('beta').close();
      expect(await at(guests, 0).pings('10.7.0.2')).toBe(true);
      await at(servers, 1).run('ip', 'link', 'set', 'vif1.0', 'nomaster');
      // The script takes the tunnel away, too, or the bridge could not go.
      await lab.server('beta').run('lan/stop');
      expect((await numbers())[1]).toBeUndefined();
      const again = await lab.replace('beta');
      await tunnelsOf(again.daemon).resume();
      expect(existsSync(kept('beta'))).toBe(false);
      await again.run('lan/start');
      await at(servers, 1).run('ip', 'link', 'set', 'vif1.0', 'master', 'lan.lab');
    });

    test('a network that takes smaller packets than the tunnel needs', async () => {
      await at(servers, 0).run('ip', 'link', 'set', 'out', 'mtu', '1400');
      try {
        expect(await joinProject(lab.server('alpha').daemon, 'lab', ['lan'])).toMatchObject({
          failures: [
            {
              unit: 'lan',
              server: 'alpha',
              problem: {
                code: 'MLN_UNSUPPORTED',
                message:
                  'the switch lan.lab: the network to beta has an mtu of 1400, which leaves guests 1350, not 1450',
              },
            },
          ],
        });
      } finally {
        await at(servers, 0).run('ip', 'link', 'set', 'out', 'mtu', '1500');
      }
    });

    test('a tunnel is made for the switch alone: what else there is stays', async () => {
      const { shell } = lab.server('alpha').daemon.mln;
      const before = await shell('ip', ['-o', 'link']);
      await joinAll();
      await leaveAll();
      expect((await shell('ip', ['-o', 'link'])).stdout.split('\n').length).toBe(before.stdout.split('\n').length);
      expect((await runShell('ip', ['-j', '-d', 'link', 'show', 'type', 'vxlan'])).stdout).not.toContain(device());
    });
  },
);
