import { failure, MiB, type Disk, type Host, type Project, type Value } from '@mln/core';
import { bridgeOfInterface } from './bridges.js';
import { kernelOf, ramdiskOf, typeOf, type GuestType, type Options } from './guest-type.js';
import { domainName, domainUuid } from './identity.js';
import { xlList, xlPart, xlString } from './xl-text.js';

/** The script of a host's folder that joins a card to nothing. */
export const ALONE = 'alone';

/** What a domain file needs to know beside its host. */
export interface Described {
  readonly project: Project;
  readonly options: Options;
  /** The paths of the host's disks, in order. */
  readonly paths: readonly string[];
}

/**
 * A host's domain file, see xl.cfg(5). Of a key that is set twice xl takes the last one, so the lines of xen_extra
 * stand at the end: they win.
 */
export function domainFile(host: Host, described: Described): string {
  const { project, options } = described;
  const { vcpus, cpus } = host.keywords;
  const type = typeOf(host, options);
  const extra = host.text['xen_extra'] ?? '';
  const lines: readonly (string | null)[] = [
    `# The domain ${domainName(host, project)}, see xl.cfg(5). Written by mln: a build writes it anew.`,
    set('name', domainName(host, project)),
    set('uuid', domainUuid(host, project)),
    set('type', type),
    ...boot(host, options),
    `memory = ${Math.ceil(host.memory / MiB)}`,
    vcpus === undefined ? null : `vcpus = ${Number(vcpus)}`,
    cpus === undefined ? null : set('cpus', String(cpus)),
    `disk = ${xlList(host.disks.map((disk, index) => diskText(disk, described.paths[index] ?? disk.path, host)))}`,
    `vif = ${xlList(cardsOf(host).map((card) => cardText(card, host, project)))}`,
    ...screen(host, type),
    ...onEvents,
    extra === '' ? null : `# The project’s own lines.\n${extra}`,
  ];
  return `${lines.filter((line) => line !== null).join('\n')}\n`;
}

/** A crashed domain that is preserved would keep its memory, and a restart could go round for ever: its console's log tells why it died. */
const onEvents = [set('on_poweroff', 'destroy'), set('on_reboot', 'restart'), set('on_crash', 'destroy')];

function set(key: string, text: string): string {
  return `${key} = ${xlString(text)}`;
}

/** Its kernel, and what that is told; or what its BIOS boots. Cards keep the names that mln gives them. */
function boot(host: Host, options: Options): (string | null)[] {
  const kernel = kernelOf(host, options);
  const ramdisk = ramdiskOf(host, options);
  if (kernel === null) return [set('boot', 'c'), set('serial', 'pty')];
  return [
    set('kernel', kernel),
    ramdisk === null ? null : set('ramdisk', ramdisk),
    set('root', `${host.disks[0]?.device ?? '/dev/xvda'} ro`),
    set('extra', `console=${host.console ?? 'hvc0'} net.ifnames=0`),
  ];
}

/** See xl-disk-configuration(5): the target stands last, as everything behind it is its path. */
function diskText({ device, mount }: Disk, path: string, host: Host): string {
  if (/[\n,]$|\n/.test(path))
    throw failure('MLN_UNSUPPORTED', `${host.name}: a Xen guest cannot have the disk ${JSON.stringify(path)}`, {
      place: host.place ?? undefined,
      hint: 'xl takes no path with a newline, or with a comma at its end',
    });
  const access = mount?.options.split(',').includes('ro') === true ? 'ro' : 'rw';
  return `format=raw, vdev=${(device ?? '').replace('/dev/', '')}, access=${access}, target=${path}`;
}

/** The guest calls its cards eth0, eth1, … in the order of this list. */
export function cardsOf({ interfaces }: Pick<Host, 'interfaces'>): Host['interfaces'] {
  const number = (name: string): number => Number(name.replace('eth', ''));
  return [...interfaces].sort((one, other) => number(one.name) - number(other.name));
}

/** See xl-network-configuration(5). Without a bridge Xen would choose one. */
function cardText(card: Host['interfaces'][number], host: Host, project: Project): string {
  const bridge = bridgeOfInterface(card, project);
  const where = { what: `${host.name}: what ${card.name} is connected to`, place: card.place };
  return [
    ...(card.mac === null ? [] : [`mac=${card.mac}`]),
    bridge === null
      ? xlPart('script', `${project.directory}/${host.name}/${ALONE}`, where)
      : xlPart('bridge', bridge, where),
    ...(card.mtu === null ? [] : [`mtu=${card.mtu}`]),
    ...(card.keywords?.['vifname'] === undefined ? [] : [`vifname=${String(card.keywords['vifname'])}`]),
  ].join(', ');
}

/** The screen that VNC shows: a framebuffer of a paravirtual guest, the graphics card of another. */
function screen({ keywords, name, place }: Host, type: GuestType): string[] {
  const { vncdisplay, vncpasswd, vnckeymap } = keywords;
  if (type === 'hvm')
    return [
      vncdisplay === undefined && vncpasswd === undefined ? 'vnc = 0' : 'vnc = 1',
      ...(vncdisplay === undefined ? [] : [`vncdisplay = ${Number(vncdisplay)}`, 'vncunused = 0']),
      ...(vncpasswd === undefined ? [] : [set('vncpasswd', String(vncpasswd))]),
      ...(vnckeymap === undefined ? [] : [set('keymap', String(vnckeymap))]),
    ];
  if (vncdisplay === undefined && vncpasswd === undefined) return [];
  const part = (key: string, value: Value | undefined): string[] =>
    value === undefined
      ? []
      : [xlPart(key, String(value), { what: `${name}: ${key}`, place, secret: key === 'vncpasswd' })];
  const parts = [
    'vnc=1',
    ...(vncdisplay === undefined ? [] : [`vncdisplay=${Number(vncdisplay)}`, 'vncunused=0']),
    ...part('vncpasswd', vncpasswd),
    ...part('keymap', vnckeymap),
  ];
  return [`vfb = ${xlList([parts.join(', ')])}`];
}
