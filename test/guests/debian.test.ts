import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { noSubordinateIds, openLab, type Lab } from './support.js';

/* A Debian template made by an ordinary user, and two guests of it. */

const project = `
global {
  project deb
}
superclass common {
  template debian
  memory 64M
  swap 8M
}
host a {
  superclass common
  root_password lab-secret
  users { jack * }
  groups { staff jack }
  network eth0 {
    switch lan
    address 10.8.0.1/24
    address 10.8.0.254/24
  }
  startup {
    echo "$hostname has started" >/root/started
  }
  shutdown {
    echo down >/root/stopped
  }
}
host b {
  superclass common
  network eth0 {
    switch lan
    address 10.8.0.2/24
    gateway 10.8.0.1
  }
}
switch lan { hub }
`;

const reason = noSubordinateIds();

(reason === null ? describe : describe.skip)(
  `a Debian template${reason === null ? '' : ` (skipped: ${reason})`}`,
  () => {
    let lab: Lab;

    beforeAll(async () => {
      lab = await openLab();
      await lab.ok('template', 'build', 'debian');
      await lab.ok('build', '-f', lab.write('deb.mln', project));
      await lab.ok('start', '-p', 'deb', '--wait', '60');
    }, 300_000);
    afterAll(async () => {
      await lab.close();
    });

    /** Bash puts marks for pasted text round what is typed. */
    async function type(host: string, command: string): Promise<string> {
      return (await lab.type('deb', host, command)).replaceAll(/\u001b\[\?2004[hl]/g, '');
    }

    async function answer(host: string, prompt: string, text: string): Promise<void> {
      await lab.prompted('deb', host, prompt);
      await lab.run('sh', ['-c', 'echo "$1" >console.in', 'sh', text], { cwd: join(lab.projects, 'deb', host) });
    }

    test('its manifest says how it was made', async () => {
      const { recipe } = JSON.parse(await lab.ok('template', 'show', 'debian', '--json')) as {
        recipe: { name: string; init: string; packages: string[]; installed: Record<string, string> };
      };
      expect(recipe).toMatchObject({ name: 'debian', init: 'quick', packages: [] });
      expect(recipe.installed['ifupdown']).toMatch(/^\d/);
      // What was needed on the way is gone.
      const listed = await lab.run('find', [
        join(lab.folder, 'templates'),
        '-name',
        'packages',
        '-o',
        '-name',
        '.new*',
      ]);
      expect(listed).toMatchObject({ code: 0, stdout: '' });
    });

    test('root logs in with the password of the project, and without one where there is none', async () => {
      await answer('a', 'login: ', 'root');
      await answer('a', 'Password: ', 'lab-secret');
      expect(await type('a', 'id; id jack; cat /root/started')).toMatch(
        /uid=0\(root\)[^]*uid=1000\(jack\)[^]*\(staff\)[^]*a has started/,
      );
      await answer('b', 'login: ', 'root');
      expect(await type('b', 'hostname; cat /proc/swaps')).toMatch(/^b\n[^]*\/dev\/ubdb/m);
    }, 60_000);

    test('guests reach each other, a user without rights too', async () => {
      expect(await type('b', 'ping -c 1 -w 10 a; ping -c 1 -w 10 10.8.0.254')).toMatch(/1 received[^]* 1 received/);
      expect(await type('b', 'ip route')).toContain('default via 10.8.0.1 dev eth0');
      expect(await type('a', 'su -s /bin/sh jack -c "ping -c 1 -w 10 b"')).toContain('1 received');
    }, 60_000);

    test('they are Debian inside: packages and their owners are whole', async () => {
      expect(await type('b', 'dpkg --audit; dpkg --verify --verify-format rpm | grep -v share; echo end')).toBe(
        'end\n',
      );
      expect(await type('b', 'stat -c "%U %G %a" /etc/shadow /usr/bin/passwd /tmp')).toBe(
        'root shadow 640\nroot root 4755\nroot root 1777\n',
      );
    }, 60_000);

    test('they stop by themselves, and leave a clean filesystem', async () => {
      const said = await lab.mln('stop', '-p', 'deb');
      expect(said.code).toBe(0);
      expect(said.stderr).not.toMatch(/halted|destroyed/);
      const whole = join(lab.folder, 'whole.img');
      expect(await lab.run('uml_moo', [join(lab.projects, 'deb/a/root.img'), whole])).toMatchObject({ code: 0 });
      expect(await lab.run('e2fsck', ['-fn', whole])).toMatchObject({ code: 0 });
      expect((await lab.run('debugfs', ['-R', 'cat /root/stopped', whole])).stdout).toBe('down\n');
    }, 120_000);
  },
);
