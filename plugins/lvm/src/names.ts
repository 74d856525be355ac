/*
 * What LVM allows as a name, see lvm(8). The device of a volume is called GROUP-VOLUME with each hyphen of the two
 * written twice, and has at most 127 characters.
 */

const pattern = /^[A-Za-z0-9+_.][A-Za-z0-9+_.-]*$/;
const MOST_CHARACTERS = 127;
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
  const device = [group, volume].map((name) => name.replaceAll('-', '--')).join('-');
  return device.length > MOST_CHARACTERS ? `with its group it is longer than ${MOST_CHARACTERS} characters` : null;
}
