/*
 * What LVM allows as a name, see lvm(8). The device of a volume is called GROUP-VOLUME with each hyphen of the two
 * written twice, and has at most 127 characters. Behind that of a snapshot, or of what a snapshot stands on, LVM puts
 * -cow or -real: where these do not fit it stops in the middle, and has to be put right by hand.
 */

/** Under its own name a volume of an earlier build may stand: what a staged build makes is called otherwise. */
export const STAGED = '+new';
/** What a volume is called that is kept aside, behind its own name: by the version of the project that it belonged to. */
const KEPT = '+kept.';
/** Characters of a version that there is room for. */
const VERSION = 4;

/** The name of a volume that is kept aside. No host's volume has such a name: there is no + in theirs. */
export function keptName(own: string, version: string): string {
  return `${own}${KEPT}${version}`;
}

const pattern = /^[A-Za-z0-9+_.][A-Za-z0-9+_.-]*$/;
const MOST_CHARACTERS = 127;
const ADDED = '-real'.length;
const reservedBeginnings = /^(snapshot|pvmove)/;
const reservedParts =
  /_(cdata|cmeta|corig|cpool|cvol|iorig|mimage|mlog|pmspare|rimage|rmeta|tdata|tmeta|vdata|vorigin|wcorig)/;

/** Tells whether LVM takes this for the name of a volume group. */
export function isGroupName(name: string): boolean {
  return pattern.test(name) && name.length <= MOST_CHARACTERS && name !== '.' && name !== '..';
}

/** Says why LVM does not take this for the name of a volume of a group, or gives null. */
export function refusal(group: string, volume: string): string | null {
  const [reserved] = reservedBeginnings.exec(volume) ?? reservedParts.exec(volume) ?? [];
  if (reserved !== undefined) return `LVM keeps names with ${reserved} for itself`;
  const most = roomIn(group) - Math.max(STAGED.length, KEPT.length + VERSION);
  const over = doubled(volume).length - most;
  return over > 0 ? `beside the group ${group} it may have ${most} characters, and has ${over} more` : null;
}

/** How many characters the name of a volume of a group may have, each hyphen counted twice. */
export function roomIn(group: string): number {
  return MOST_CHARACTERS - ADDED - doubled(group).length - 1;
}

function doubled(name: string): string {
  return name.replaceAll('-', '--');
}
