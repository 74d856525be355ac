import type { Interface, Project, Switch } from '@mln/core';
import { digest } from './identity.js';

/** The longest name of a network interface in bytes, IFNAMSIZ of Linux without its end. */
const LONGEST = 15;
/** What the name of a bridge may be, for hints. */
export const bridgeHint = 'at most 15 characters, and none of blank / : , %';

/**
 * Tells whether Linux and the scripts of Xen take a text as the name of a bridge. Linux takes no blank, slash or colon
 * and reads `%d` as a number to be chosen; lists of xl.cfg(5) are split at commas.
 */
export function isBridgeName(name: string): boolean {
  return (
    Buffer.byteLength(name) <= LONGEST && /^[^-\s\p{C}/:,%][^\s\p{C}/:,%]*$/u.test(name) && !['.', '..'].includes(name)
  );
}

/** The bridge that a switch is: the one that it names, or SWITCH.PROJECT, shortened with a digest where that is too long. */
export function bridgeOf({ bridge, name }: Pick<Switch, 'bridge' | 'name'>, project: Pick<Project, 'name'>): string {
  if (bridge !== null) return bridge;
  const whole = `${name}.${project.name}`;
  if (whole.length <= LONGEST) return whole;
  // Eight digits of base 36: two of a million switches are alike with a chance of one in six.
  const number = digest(`bridge\0${whole}`).readBigUInt64BE() % 36n ** 8n;
  return `${name.slice(0, 6)}-${number.toString(36).padStart(8, '0')}`;
}

/** The alias that marks a bridge as made by mln, IFLA_IFALIAS of rtnetlink(7). */
export function aliasOf(unit: Pick<Switch, 'name'>, project: Pick<Project, 'name' | 'secret'>): string {
  return `mln:${project.name}:${unit.name}:${mark(unit, project).slice(0, 8)}`;
}

/** What a bridge is called until it bears its alias: by that name nobody else has one. */
export function unmarkedOf(unit: Pick<Switch, 'name'>, project: Pick<Project, 'name' | 'secret'>): string {
  return `mln-${mark(unit, project).slice(0, 10)}`;
}

/** Tells the switches of two projects of one name apart, which other projects folders may have. */
function mark({ name }: Pick<Switch, 'name'>, project: Pick<Project, 'name' | 'secret'>): string {
  return digest(['switch', project.secret ?? '', project.name, name].join('\0')).toString('hex');
}

/** The bridge that an interface is joined to; null: it is connected to nothing. */
export function bridgeOfInterface(each: Pick<Interface, 'switch' | 'bridge'>, project: Project): string | null {
  if (each.switch === null) return each.bridge;
  const found = project.switches.find(({ name }) => name === each.switch);
  return found ? bridgeOf(found, project) : null;
}
