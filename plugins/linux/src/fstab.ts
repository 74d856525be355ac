import type { Guest, Host } from '@mln/core';

/** fstab(5): the root filesystem, swap, and the disks that the project mounts. */
export async function configureFstab(guest: Guest, host: Host): Promise<void> {
  const lines = host.disks.flatMap(({ role, device, path, mount }) => {
    if (role === 'root') return [`${device ?? ''} / auto defaults 0 1`];
    if (role === 'swap') return [`${device ?? ''} none swap sw 0 0`];
    if (mount === null) return [];
    const { point, type, options } = mount;
    // Its hypervisor may have a name of its own for a folder of the physical host.
    const folder = device === null || device.startsWith('/dev/') ? path : device;
    return [
      type === 'hostfs'
        ? `none ${escaped(point)} hostfs ${escaped(folder)}${options === 'defaults' ? '' : `,${options}`} 0 0`
        : `${device ?? ''} ${escaped(point)} ${type} ${options} 0 2`,
    ];
  });
  for (const { mount } of host.disks) if (mount) await guest.directory(mount.point);
  // The template's own lines for what the project decides would name devices that are not there.
  const text = await guest.text('/etc/fstab');
  const points = new Set(['/', ...host.disks.flatMap(({ mount }) => (mount ? escaped(mount.point) : []))]);
  const [before = '', ...rest] = text.split(/^(?=# mln disks begin$)/m);
  const kept = before.split('\n').filter((line) => {
    const [, point = '', type] = line.trim().split(/\s+/);
    return (
      line.trimStart().startsWith('#') ||
      (!points.has(point) && (type !== 'swap' || !host.disks.some(({ role }) => role === 'swap')))
    );
  });
  await guest.write('/etc/fstab', [kept.join('\n'), ...rest].join(''), { mode: 0o644 });
  await guest.region('/etc/fstab', 'disks', lines.join('\n'));
}

/** Blanks and backslashes in fstab's fields are written in octal. */
function escaped(path: string): string {
  return path.replace(/[\s\\]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`);
}
