import { formatSize, MiB, type Host, type View } from '@mln/core';
import { bridgeHint, isBridgeName } from './bridges.js';
import { typeOf, type Options } from './guest-type.js';

/** With less, xl does not load a kernel as large as Debian's: "segment kernel too large" (xc_dom_alloc_segment). */
const SAFE_MEMORY = 96 * MiB;
/** Lists of processors as xl.cfg(5) has them: 0-3,^1, all, nodes:0. */
const processors = /^(all|\^?(nodes?:)?(all|\d+(-\d+)?))(,\^?(nodes?:)?(all|\d+(-\d+)?))*$/;
/** Keys of a domain file by which mln knows a domain again. */
const identity = /(?:^|;)[ \t]*(name|uuid)[ \t]*\+?=/m;

/** Tells what Xen cannot do of what a host says, each at its place. */
export function checkHost(host: Host, block: View, options: Options): void {
  const { name, keywords, text } = host;
  if (keywords['hvm'] === true && keywords['pvh'] === true)
    block.error('MLN_BAD_VALUE', `${name}: a guest is hvm or pvh, not both`, 'pvh', 'take one away: hvm no, or pvh no');
  const { kernel, cpus } = keywords;
  if (typeof kernel === 'string' && !kernel.includes('/'))
    block.error(
      'MLN_BAD_VALUE',
      `${name}: the kernel of a Xen guest is a file, not ${kernel}`,
      'kernel',
      'name its path',
    );
  if (cpus !== undefined && !processors.test(String(cpus)))
    block.error(
      'MLN_BAD_VALUE',
      `${name}: cpus ${String(cpus)} are no processors`,
      'cpus',
      'as 0-3, 0,2,4 or 0-7,^3; see xl.cfg(5)',
    );
  const key = identity.exec(text['xen_extra'] ?? '')?.[1];
  if (key !== undefined)
    block.error('MLN_BAD_VALUE', `${name}: xen_extra cannot set ${key}: mln knows its domain by it`, 'xen_extra');
  checkMemory(host, block, options);
  if (keywords['nice'] !== undefined)
    block.warning(
      'MLN_UNSUPPORTED',
      `${name}: a Xen guest is no process; nice is not used`,
      'nice',
      'xen_extra { cpu_weight = 128 } gives it less',
    );
  if (host.disks.some(({ mount }) => mount?.type === 'hostfs'))
    block.error(
      'MLN_UNSUPPORTED',
      `${name}: a Xen guest cannot mount a folder of the physical host (hostfs)`,
      'mount',
      'mount an image or a device',
    );
  checkCards(host, block);
}

function checkMemory(host: Host, block: View, options: Options): void {
  if (typeOf(host, options) === 'hvm' || host.memory >= SAFE_MEMORY) return;
  block.warning(
    'MLN_UNSUPPORTED',
    `${host.name}: with ${formatSize(host.memory)} of memory a kernel as large as Debian’s does not load`,
    'memory',
    `${formatSize(SAFE_MEMORY)} are enough`,
  );
}

/** The order of its cards gives them their names, so none can be left out. */
function checkCards({ name, interfaces }: Host, block: View): void {
  const names = new Set(interfaces.map((each) => each.name));
  for (const each of interfaces) {
    const view = block.named('network').get(each.name) ?? block;
    const number = /^eth(0|[1-9]\d*)$/.exec(each.name)?.[1];
    if (number === undefined)
      view.error(
        'MLN_UNSUPPORTED',
        `${name}: the interfaces of Xen guests are called eth0, eth1, …, not ${each.name}`,
        '',
      );
    else if (Number(number) > 0 && !names.has(`eth${Number(number) - 1}`))
      view.error(
        'MLN_UNSUPPORTED',
        `${name} has ${each.name}, and no eth${Number(number) - 1}: a Xen guest counts its interfaces without gaps`,
        '',
        `call it eth${Number(number) - 1}, or describe that one too`,
      );
    if (each.bridge !== null && !isBridgeName(each.bridge))
      view.error(
        'MLN_BAD_NAME',
        `${name}: ${JSON.stringify(each.bridge)} cannot be the name of a bridge`,
        'bridge',
        bridgeHint,
      );
  }
}
