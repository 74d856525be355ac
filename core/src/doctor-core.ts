import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Check, Checks, Finding } from './doctor.js';
import { folderChecks } from './doctor-folders.js';
import { programsCheck } from './doctor-programs.js';
import type { Folders } from './folders.js';
import type { Mln } from './kernel.js';

const group = 'mln itself';

/** The oldest Node that mln is made for: package.json, engines. */
const NODE = [20, 19] as const;
/** Milliseconds by which clocks may differ, as those of a file server. */
const TOLERANCE = 5000;

/** What the core needs of the machine. Version is that of the distribution. */
export function addCoreChecks(checks: Checks, mln: Mln, version: string): void {
  checks.add(nodeCheck(process.versions.node), pluginsCheck(mln, version), clockCheck(mln.folders));
  checks.add(...folderChecks(mln), ...downloadChecks(mln));
}

/** What templates are unpacked and their signatures checked with, that others have made. */
function downloadChecks(mln: Mln): Check[] {
  const wanted = { group: 'templates', need: 'never' } as const;
  return [
    programsCheck(mln, { ...wanted, id: 'packed', title: 'packed', programs: ['gzip', 'xz', 'zstd', 'fallocate'] }),
    programsCheck(mln, {
      ...wanted,
      id: 'signed',
      title: 'signed',
      programs: ['gpgv'],
      version: ['gpgv', '--version'],
    }),
  ];
}

/** Whether this Node, given as `20.19.1`, is new enough. */
export function nodeCheck(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const old = major < NODE[0] || (major === NODE[0] && minor < NODE[1]);
  const finding: Finding = old
    ? { state: 'missing', detail: `Node ${version} is too old`, remedy: `install Node ${NODE.join('.')} or newer` }
    : { state: 'ok', detail: version };
  return { id: 'node', group, title: 'Node', need: 'always', run: () => Promise.resolve(finding) };
}

/** Those that are loaded have been asked for their API version already. */
function pluginsCheck(mln: Mln, version: string): Check {
  const names = mln.plugins.map((each) => `${each.name.replace(/^@mln\/plugin-/, '')} ${each.version}`);
  return {
    id: 'version',
    group,
    title: 'version',
    need: 'always',
    run: () =>
      Promise.resolve({
        state: 'ok',
        detail: `mln ${version}, plug-in API ${mln.apiVersion}; ${names.join(', ') || 'no plug-ins'}`,
      }),
  };
}

/** Copy-on-write disks know their images by the time of their last change: a clock that was wrong shows in files. */
export function clockCheck({ templates, projects }: Folders, now = Date.now): Check {
  return {
    id: 'clock',
    group,
    title: 'clock',
    need: 'never',
    async run(): Promise<Finding> {
      const found = (await Promise.all([templates, projects].map((folder) => newest(folder, 2)))).flat();
      const ahead = found.find(({ changed }) => changed > now() + TOLERANCE);
      if (!ahead) return { state: 'ok', detail: new Date(now()).toISOString() };
      return {
        state: 'warning',
        detail: `${ahead.path} was changed at ${new Date(ahead.changed).toISOString()}, which is not yet`,
        remedy:
          'set the clock of this machine; if it is right, touch what was changed while it was wrong, but no image',
      };
    },
  };
}

interface Changed {
  readonly path: string;
  /** Milliseconds since 1970. */
  readonly changed: number;
}

/** The files and folders in a folder, so many levels deep, with the times of their last change. */
async function newest(folder: string, levels: number): Promise<Changed[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const found = entries.map(async (entry): Promise<Changed[]> => {
    const path = join(folder, entry.name);
    const own = await stat(path).catch(() => null);
    const within = entry.isDirectory() && levels > 0 ? await newest(path, levels - 1) : [];
    return own ? [{ path, changed: own.mtimeMs }, ...within] : within;
  });
  return (await Promise.all(found)).flat();
}
