import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMlnError, type Interface, type Project } from '@mln/core';
import daemon from '@mln/plugin-daemon';
import uml from '@mln/plugin-uml';
import xen from '@mln/plugin-xen';
import { createScripts } from '../../../../core/src/scripts.js';
import { decided, testKernel } from '../../../../test/support/test-kernel.js';
import type { Options } from '../../src/options.js';
import { cable, hindrance, namespace, type Namespace } from './guests.js';

async function read(text: string, options: Options = {}) {
  const mln = await testKernel([xen, [uml, { default: true }], [daemon, { ...options }]]);
  const project = await decided(mln, '/lab.mln', `global { project lab }\n${text}\n`);
  const scripts = (name: string): Readonly<Record<string, string>> => {
    const made = createScripts();
    const unit = project.hosts.find((each) => each.name === name);
    if (unit) mln.hooks.emitScripts.call(unit, made.scripts, project);
    return Object.fromEntries(made.files.map((file) => [file.path, file.text]));
  };
  return { project, scripts };
}

function card({ hosts }: Project, name = 'a'): Interface {
  const found = hosts.find((each) => each.name === name)?.interfaces[0];
  if (!found) throw new Error(`${name} has no interface`);
  return found;
}

const wanted: readonly { text: string; options?: Options; filtered: boolean }[] = [
  { text: 'host a { xen; network eth0 { switch s } }\nswitch s { }', filtered: false },
  { text: 'host a { xen; port_filter; network eth0 { switch s } }\nswitch s { }', filtered: true },
  { text: 'host a { xen; network eth0 { port_filter; bridge br0 } }', filtered: true },
  { text: 'host a { xen; port_filter; network eth0 { port_filter no; bridge br0 } }', filtered: false },
  { text: 'host a { xen; network eth0 { bridge br0 } }', options: { portFilter: true }, filtered: true },
  {
    text: 'host a { xen; port_filter no; network eth0 { bridge br0 } }',
    options: { portFilter: true },
    filtered: false,
  },
  { text: 'host a { network eth0 { bridge br0; port_filter } }', filtered: true },
  { text: 'host a { network eth0 { tun_iface tap0; port_filter } }', filtered: true },
  // Whom the option alone asks is filtered where that is possible.
  { text: 'host a { network eth0 { switch s } }\nswitch s { }', options: { portFilter: true }, filtered: false },
];

test.each(wanted)('$text, $options: $filtered', async ({ text, options, filtered }) => {
  const { project, scripts } = await read(text, options);
  const { filter, start, stop, untap, ...others } = scripts('a');
  expect(filter !== undefined).toBe(filtered);
  expect(start?.includes('./filter up\n')).toBe(filtered);
  expect([stop, untap].some((each) => each?.includes('./filter down\n'))).toBe(filtered);
  const device = card(project).keywords?.['vifname'];
  if (project.hosts[0]?.hypervisor === 'xen') {
    expect(others['domain.cfg']?.includes(`vifname=${String(device)}`)).toBe(filtered);
    if (filtered) expect(device).toMatch(/^mln[0-9a-f]{8}$/);
  }
});

const refused = [
  'host a {\n port_filter\n network eth0 { switch s } }\nswitch s { }',
  'host a { network eth0 {\n port_filter\n switch s } }\nswitch s { vde }',
  'host a { network eth0 {\n port_filter\n slirp } }',
];

test.each(refused)('%s', async (text) => {
  const error: unknown = await read(text).catch((caught: unknown) => caught);
  if (!isMlnError(error)) throw error;
  expect(error.problems.map(({ code, message, place }) => [code, message, place?.line])).toEqual([
    ['MLN_UNSUPPORTED', 'a: eth0 cannot be filtered: no network interface of the physical host is its own', 3],
  ]);
});

test('a switch has an uplink where it names one, and nowhere else', async () => {
  const text =
    'host a { network eth0 { switch s } }\nhost b { service_host far; network eth0 { switch s } }\nswitch s { ';
  const of = async (more: string) => {
    const { project } = await read(`${text}${more} }`);
    const mln = await testKernel([[uml, { default: true }]]);
    const { scripts, files } = createScripts();
    const [unit] = project.switches;
    if (unit) mln.hooks.emitScripts.call(unit, scripts, project);
    return files.find(({ path }) => path === 'start')?.text ?? '';
  };
  expect(await of('')).not.toMatch(/-tap|need_tap|master/);
  expect(await of('bridge br0')).toMatch(/^need_tap mln[0-9a-f]{12} '' '' br0$/m);
});

const hasNft = spawnSync('nft', ['--version']).status === 0;
const why = hindrance ?? (hasNft ? null : 'nft is missing');
const kinds = [
  { kind: 'a card in a bridge', text: 'bridge br0' },
  { kind: 'a card of Xen', text: 'bridge br0', host: 'xen; ' },
  { kind: 'a tap by itself', text: 'tun_address 10.7.0.254' },
];

(why === null ? describe : describe.skip).each(kinds)(
  `$kind is filtered (${why ?? 'for real'})`,
  ({ text, host = '' }) => {
    const mac = '02:00:00:00:00:07';
    const folder = mkdtempSync(join(tmpdir(), 'mln-filter-'));
    const script = join(folder, 'filter');
    let physical: Namespace;
    let guest: Namespace;

    beforeAll(async () => {
      const { project, scripts } = await read(
        `host a { ${host}port_filter; network eth0 { ${text}; mac ${mac}; address 10.7.0.7/24; address fd07::7/64 } }`,
      );
      const { vifname, tun_iface: tap } = card(project).keywords ?? {};
      writeFileSync(script, scripts('a')['filter'] ?? '', { mode: 0o700 });
      physical = await namespace();
      guest = await namespace();
      await physical.run('ip', 'link', 'add', 'br0', 'type', 'bridge');
      await physical.run('ip', 'link', 'set', 'br0', 'up');
      const device = String(vifname ?? tap);
      await cable([guest, 'eth0', null], [physical, device, null]);
      const own = text.startsWith('bridge') ? 'br0' : device;
      if (own === 'br0') await physical.run('ip', 'link', 'set', device, 'master', 'br0');
      await physical.run('ip', 'address', 'add', '10.7.0.254/24', 'dev', own);
      await physical.run('ip', 'address', 'add', 'fd07::fe/64', 'dev', own, 'nodad');
    });
    afterAll(async () => {
      await guest.close();
      await physical.close();
      rmSync(folder, { recursive: true });
    });

    /** Whether the guest reaches the physical host with these addresses. */
    const reaches = async (address: string, hardware = mac): Promise<boolean> => {
      await guest.run('ip', 'address', 'flush', 'dev', 'eth0');
      await guest.run('ip', 'link', 'set', 'eth0', 'address', hardware);
      await guest.run('ip', 'address', 'add', address, 'dev', 'eth0', ...(address.includes(':') ? ['nodad'] : []));
      await physical.run('ip', 'neighbour', 'flush', 'all');
      return guest.pings(address.includes(':') ? 'fd07::fe' : '10.7.0.254');
    };

    test('its own addresses get through, others do not, for as long as it is so', async () => {
      expect(await reaches('10.7.0.8/24')).toBe(true);
      await physical.run(script, 'up');
      expect(await reaches('10.7.0.7/24')).toBe(true);
      expect(await reaches('fd07::7/64')).toBe(true);
      expect(await reaches('10.7.0.8/24')).toBe(false);
      expect(await reaches('fd07::8/64')).toBe(false);
      expect(await reaches('10.7.0.7/24', '02:00:00:00:00:08')).toBe(false);
      // Once more: there is one table, not two.
      await physical.run(script, 'up');
      expect((await physical.run('nft', 'list', 'tables')).trim().split('\n')).toHaveLength(1);
      expect(await reaches('10.7.0.7/24')).toBe(true);

      await physical.run(script, 'down');
      expect(await physical.run('nft', 'list', 'tables')).toBe('');
      expect(await reaches('10.7.0.8/24')).toBe(true);
      await physical.run(script, 'down');
    });
  },
);
