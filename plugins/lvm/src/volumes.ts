import { failure, formatSize, isMlnError, type Shell, type ShellResult } from '@mln/core';

/** A logical volume, as lvs(8) tells of it. */
export interface Volume {
  readonly group: string;
  readonly name: string;
  /** Bytes. Of a snapshot that is not thin: those of its copy-on-write area. */
  readonly size: number;
  readonly tags: readonly string[];
  /** What it is a snapshot of, or empty. */
  readonly origin: string;
  /** The thin pool that it is taken from, or empty. */
  readonly pool: string;
  /** It is a pool that hands out nothing unwiped, see lv_attr in lvs(8). */
  readonly wipes: boolean;
  /** Somebody has its device open. */
  readonly open: boolean;
  /** Percent of a pool or a snapshot that is used, and of what a pool notes about it; null for others. */
  readonly used: number | null;
  readonly noted: number | null;
}

/** A volume group. Bytes. */
export interface Group {
  readonly name: string;
  readonly free: number;
}

/** What --reportformat json prints, lvmreport(7): every value is a text. */
interface Report {
  readonly report: readonly Readonly<Record<string, readonly Readonly<Record<string, string>>[]>>[];
}

const asJson = ['--reportformat', 'json', '--units', 'b', '--nosuffix'];
const fields = 'vg_name,lv_name,lv_attr,lv_size,lv_tags,origin,pool_lv,lv_device_open,data_percent,metadata_percent';
/** Descriptors that mln has open are not LVM's concern. */
const env = { LVM_SUPPRESS_FD_WARNINGS: '1' };

/** Bytes of a sector: LVM takes sizes in whole ones. */
const SECTOR = 512;

/** Runs a program of lvm2; no question is asked. Errors that a user can do something about are told as such. */
export async function runLvm(
  shell: Shell,
  program: string,
  args: readonly string[],
  timeout?: number,
): Promise<ShellResult> {
  try {
    return await shell(program, args, { env, ...(timeout === undefined ? {} : { timeout }) });
  } catch (error) {
    throw isMlnError(error) && error.code === 'MLN_COMMAND_FAILED' ? told(error) : error;
  }
}

/** The volumes that a selection picks, see lvmreport(7): one look for all. A group that is missing has none. */
export async function findVolumes(shell: Shell, selection: string): Promise<readonly Volume[]> {
  const { stdout } = await runLvm(shell, 'lvs', [...asJson, '-o', fields, '-S', selection]);
  return rowsOf(stdout, 'lv').map((row) => ({
    group: row['vg_name'] ?? '',
    name: row['lv_name'] ?? '',
    size: Number(row['lv_size']),
    tags: (row['lv_tags'] ?? '').split(',').filter((tag) => tag !== ''),
    origin: row['origin'] ?? '',
    pool: row['pool_lv'] ?? '',
    wipes: row['lv_attr']?.[7] === 'z',
    open: row['lv_device_open'] === 'open',
    used: row['data_percent'] ? Number(row['data_percent']) : null,
    noted: row['metadata_percent'] ? Number(row['metadata_percent']) : null,
  }));
}

export async function findGroups(shell: Shell, timeout?: number): Promise<readonly Group[]> {
  const { stdout } = await runLvm(shell, 'vgs', [...asJson, '-o', 'vg_name,vg_free'], timeout);
  return rowsOf(stdout, 'vg').map((row) => ({ name: row['vg_name'] ?? '', free: Number(row['vg_free']) }));
}

/** The selection of volumes of a group by their names, which hold no quotes. */
export function named(group: string, names: readonly string[]): string {
  return `vg_name="${group}" && (${names.map((name) => `lv_name="${name}"`).join(' || ')})`;
}

/** A size in bytes as an argument, not less. */
export function sizeArgument(bytes: number): string {
  return `${Math.ceil(bytes / SECTOR) * SECTOR}b`;
}

function rowsOf(stdout: string, kind: string): readonly Readonly<Record<string, string>>[] {
  return (JSON.parse(stdout) as Report).report.flatMap((each) => each[kind] ?? []);
}

/** What LVM 2.03 says of what a user can put right. */
function told(error: Error): Error {
  if (error.message.includes('Running as a non-root user'))
    return failure('MLN_NOT_ALLOWED', 'LVM answers root alone', { cause: error, hint: 'run mln as root' });
  const group = /Volume group "([^"]+)" not found/.exec(error.message)?.[1];
  if (group !== undefined) return noGroup(group, [], '', error);
  const used = /Logical volume (\S+) in use/.exec(error.message)?.[1];
  if (used !== undefined) return inUse(used, error);
  const [, full, extents] =
    /Volume group "([^"]+)" has insufficient free space \((\d+) extents\)/.exec(error.message) ?? [];
  if (full !== undefined)
    return failure('MLN_NO_SPACE', `the volume group ${full} is full: ${extents ?? '0'} extents are free`, {
      cause: error,
      hint: `vgextend ${full} DEVICE, or remove what is not needed: mln lvm list`,
    });
  return error;
}

/** The error for a volume (GROUP/NAME) that somebody has open. */
export function inUse(path: string, cause?: Error): Error {
  return failure('MLN_IMAGE_IN_USE', `the volume ${path} is in use`, {
    cause,
    hint: `stop what has it open: lsof /dev/${path}, xl list, mount`,
  });
}

/** Whether a volume could not be made, or called so, because there is one of that name. */
export function isTaken(error: unknown, name: string): boolean {
  return isMlnError(error) && error.message.includes(`Logical Volume "${name}" already exists`);
}

/** The error for a volume group that is missing. */
export function noGroup(name: string, groups: readonly Group[], whose = '', cause?: Error): Error {
  const others = groups.map((each) => `${each.name} (${formatSize(each.free)} free)`).join(', ');
  return failure(
    'MLN_NO_GROUP',
    `there is no volume group ${name}${whose}${others === '' ? '' : `; there are: ${others}`}`,
    {
      cause,
      hint: `vgcreate ${name} DEVICE, or name another by lvm_vg or the plug-in’s option volumeGroup`,
    },
  );
}
