import { formatSize, missingPrograms, type Check, type Checks, type Finding, type Mln } from '@mln/core';
import { USUAL_GROUP, type Options } from './claim.js';

const group = 'logical volumes';
const LIMIT = 5000;

/** Whether LVM answers and has the volume group. Whoever gives the plug-in an option means to use it. */
export function addChecks(checks: Checks, mln: Mln, options: Options): void {
  const wanted = options.volumeGroup !== undefined || options.thinPool !== undefined;
  const need: Check['need'] = wanted ? 'always' : 'asked';
  checks.add({
    id: 'group',
    group,
    title: 'volume group',
    need,
    run: () => groupFinding(mln, options.volumeGroup ?? USUAL_GROUP),
  });
}

/** What `vgs --reportformat json` prints, lvmreport(7). */
interface Report {
  readonly report: readonly [{ readonly vg: readonly { readonly vg_name: string; readonly vg_free: string }[] }];
}

async function groupFinding(mln: Mln, wanted: string): Promise<Finding> {
  if ((await missingPrograms(mln, ['vgs'])).length > 0)
    return { state: 'missing', detail: 'not here: LVM is not installed', packages: ['lvm2'] };
  if (process.getuid?.() !== 0)
    return { state: 'missing', detail: 'LVM is here, and answers root alone', remedy: 'run mln doctor as root' };
  const { stdout } = await mln.shell(
    'vgs',
    ['--reportformat', 'json', '-o', 'vg_name,vg_free', '--units', 'b', '--nosuffix'],
    { timeout: LIMIT },
  );
  const groups = (JSON.parse(stdout) as Report).report[0].vg;
  const found = groups.find((each) => each.vg_name === wanted);
  if (found) return { state: 'ok', detail: `${wanted}, ${formatSize(Number(found.vg_free))} free` };
  const others = groups.map((each) => each.vg_name).join(', ') || 'none';
  return {
    state: 'missing',
    detail: `there is no volume group ${wanted}; there are: ${others}`,
    remedy: `vgcreate ${wanted} DEVICE (as root), or name another by the option volumeGroup`,
  };
}
