import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { joinProject, leaveProject } from '../../src/tunnels/join.js';
import { tunnelsOf } from '../../src/tunnels/tunnels.js';
import { digestOf, guestOn, hindrance, serve, until, type Namespace } from './guests.js';
import { laboratory, type Lab, type LabServer } from './laboratory.js';

/*
 * A switch of User-Mode Linux guests on several servers: real vde_switches, real vde_plugs, the real HTTPS between the
 * daemons. The guests are network namespaces with a tap.
 */

const hosts = ['gateway1', 'backend3', 'backend4'];
const text = `global { project lab }
switch lan { service_host gateway1 }
${hosts.map((name, index) => `host h${index} { service_host ${name}; network eth0 { switch lan; address 10.7.0.${index + 1}/24 } }`).join('\n')}
`;
const none = { failures: [] };

/** The processes of vde_plug(1) on a server's part of the switch. */
function plugsOn(server: LabServer): number[] {
  const ctl = server.path('lan/ctl');
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8') === `vde_plug\0${ctl}\0`;
      } catch {
        return false;
      }
    });
}

(hindrance === null ? describe : describe.skip)(`frames over TLS (${hindrance ?? 'for real'})`, () => {
  let lab: Lab;
  let guests: Namespace[] = [];
  const [centre, other, third] = [
    () => lab.server('gateway1'),
    () => lab.server('backend3'),
    () => lab.server('backend4'),
  ];
  const kept = (server: LabServer): string => join(server.daemon.places.state, 'tunnels/lab.lan.json');
  const joinAll = (): Promise<unknown[]> =>
    Promise.all(hosts.map((name) => joinProject(lab.server(name).daemon, 'lab', ['lan'])));
  const leaveAll = (): Promise<unknown[]> =>
    Promise.all(hosts.map((name) => leaveProject(lab.server(name).daemon, 'lab', ['lan'])));

  beforeAll(async () => {
    lab = await laboratory(text, hosts);
    for (const name of hosts) await lab.server(name).run('lan/start');
    guests = await Promise.all(
      hosts.map((name, index) => guestOn(lab.server(name).path('lan/ctl'), `10.7.0.${index + 1}/24`)),
    );
  });
  afterEach(async () => {
    for (const name of hosts) lab.server(name).link.mend();
    await leaveAll();
    await until(() => hosts.every((name) => plugsOn(lab.server(name)).length === 0));
  });
  afterAll(async () => {
    for (const guest of guests) await guest.close();
    for (const name of hosts) await lab.server(name).run('lan/stop');
    await lab.close();
  });
  const guest = (index: number): Namespace => {
    const found = guests[index];
    if (!found) throw new Error(`there is no guest ${index}`);
    return found;
  };

  test('guests of different servers reach each other, by way of the centre, and nothing is left', async () => {
    expect(await guest(0).pings('10.7.0.2')).toBe(false);
    expect(await joinAll()).toEqual([none, none, none]);
    expect(await guest(0).pings('10.7.0.2')).toBe(true);
    expect(await guest(1).pings('10.7.0.3')).toBe(true);
    expect(hosts.map((name) => plugsOn(lab.server(name)).length)).toEqual([2, 1, 1]);
    await serve(guest(1), 1024 * 1024);
    expect(await guest(2).fetch('10.7.0.2')).toBe(digestOf(1024 * 1024));
    // Once more: what holds is left alone.
    const before = hosts.map((name) => plugsOn(lab.server(name)));
    expect(await joinAll()).toEqual([none, none, none]);
    expect(hosts.map((name) => plugsOn(lab.server(name)))).toEqual(before);

    expect(await leaveAll()).toEqual([none, none, none]);
    await until(() => hosts.every((name) => plugsOn(lab.server(name)).length === 0));
    expect(hosts.map((name) => existsSync(kept(lab.server(name))))).toEqual([false, false, false]);
    expect(await guest(0).pings('10.7.0.2')).toBe(false);
    // Whoever leaves twice has left.
    expect(await leaveAll()).toEqual([none, none, none]);
  });

  test('a connection that is cut in the middle of a transfer is made anew, and the transfer comes to its end', async () => {
    await joinAll();
    const bytes = 48 * 1024 * 1024;
    await serve(guest(0), bytes);
    const before = plugsOn(other());
    const fetched = guest(1).fetch('10.7.0.1');
    const received = async (): Promise<number> =>
      Number(await guest(1).run('cat', '/sys/class/net/tap0/statistics/rx_bytes'));
    await until(async () => (await received()) > 1024 * 1024);
    centre().link.cut();
    await until(() => before.every((pid) => !plugsOn(other()).includes(pid)));
    centre().link.mend();
    expect(await fetched).toBe(digestOf(bytes));
    expect(plugsOn(other())).toHaveLength(1);
    expect(plugsOn(centre())).toHaveLength(2);
  });

  test('a cable that is pulled and put in again: nobody is told, and it is found out', async () => {
    await joinAll();
    const before = [...plugsOn(other()), ...plugsOn(third())];
    centre().link.freeze();
    expect(await guest(0).pings('10.7.0.2')).toBe(false);
    await until(() => plugsOn(other()).length + plugsOn(third()).length === 0);
    centre().link.mend();
    await until(async () => guest(0).pings('10.7.0.2'));
    await until(async () => guest(1).pings('10.7.0.3'));
    expect([...plugsOn(other()), ...plugsOn(third())].filter((pid) => before.includes(pid))).toEqual([]);
    // What the centre had of the old connections has gone with the new ones.
    expect(plugsOn(centre())).toHaveLength(2);
  });

  test('a daemon that ends and begins again joins what was joined', async () => {
    await joinAll();
    await other().close();
    await until(() => plugsOn(other()).length === 0);
    expect(await guest(0).pings('10.7.0.2')).toBe(false);
    const again = await lab.replace('backend3');
    await tunnelsOf(again.daemon).resume();
    await until(async () => guest(0).pings('10.7.0.2'));
    // The centre's, too: the others come back to it.
    const centreAgain = await lab.replace('gateway1');
    await tunnelsOf(centreAgain.daemon).resume();
    await until(async () => guest(1).pings('10.7.0.3'));
  });

  test('what is joined by another is looked at anew when that is asked for', async () => {
    await joinAll();
    const before = plugsOn(centre());
    tunnelsOf(centre().daemon).renew();
    await until(() => plugsOn(centre()).length === 2 && before.every((pid) => !plugsOn(centre()).includes(pid)));
    await until(async () => guest(0).pings('10.7.0.2'));
  });

  test('only the centre takes connections, and only of servers of the switch that may start the project', async () => {
    const ask = (from: LabServer, to: string, name = 'lan'): Promise<unknown> =>
      from.daemon.client.upgrade(to, `/v1/tunnels/lab/${name}`, 'mln-frames');
    await expect(ask(other(), 'backend4')).rejects.toMatchObject({
      code: 'MLN_BAD_REQUEST',
      message: 'backend4: the parts of the switch lan.lab are joined on gateway1, not on backend4',
    });
    await expect(ask(other(), 'gateway1', 'wan')).rejects.toMatchObject({ code: 'MLN_NO_UNIT' });
    lab.refused.add('server:backend4');
    try {
      const { failures } = await joinProject(third().daemon, 'lab', ['lan']);
      expect(failures).toEqual([
        {
          unit: 'lan',
          server: 'backend4',
          problem: expect.objectContaining({
            code: 'MLN_NOT_ALLOWED',
            message: 'gateway1: backend4 may not start lab',
          }) as unknown,
        },
      ]);
    } finally {
      lab.refused.delete('server:backend4');
    }
    // It goes on being tried.
    await until(() => plugsOn(centre()).length === 1);
  });

  test('what is kept and cannot be read keeps no daemon from running, and is told by who joins', async () => {
    const damaged = join(third().daemon.places.state, 'tunnels/lab.other.json');
    await joinProject(third().daemon, 'lab', ['lan']);
    writeFileSync(damaged, '{');
    await tunnelsOf(third().daemon).resume();
    await expect(tunnelsOf(third().daemon).leave('lab', 'other')).rejects.toMatchObject({ code: 'MLN_BAD_STATE' });
    rmSync(damaged);
  });

  test('a switch that has ended is not joined', async () => {
    await joinAll();
    await third().run('lan/stop');
    await until(() => plugsOn(centre()).length === 1);
    expect(await joinProject(third().daemon, 'lab', ['lan'])).toMatchObject({
      failures: [
        { unit: 'lan', problem: { code: 'MLN_NOT_UP', message: 'the switch lan.lab does not run on backend4' } },
      ],
    });
    await third().run('lan/start');
  });
});
