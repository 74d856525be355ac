import type { Check, Finding } from './doctor.js';
import type { Mln } from './kernel.js';
import { packageOf } from './shell.js';

/** Programs that do one thing together. */
export interface ProgramsWanted extends Pick<Check, 'id' | 'group' | 'title' | 'need'> {
  /** All of them are wanted. */
  readonly programs: readonly string[];
  /** The command that tells their version. */
  readonly version?: readonly [program: string, ...args: string[]];
  /** The Debian packages that hold them, where the core does not know. */
  readonly packages?: readonly string[];
}

/** Milliseconds that a program may take to say its version. */
const LIMIT = 5000;
/** Some say their version and fail. */
const anyExit = Array.from({ length: 256 }, (_, code) => code);

/** Makes a check of programs: they are looked for as mln's scripts look for them, and asked for their version. */
export function programsCheck(mln: Mln, { programs, version, packages, ...check }: ProgramsWanted): Check {
  return {
    ...check,
    light: true,
    async run(): Promise<Finding> {
      const missing = await missingPrograms(mln, programs);
      if (missing.length > 0)
        return {
          state: 'missing',
          detail: `not installed: ${missing.join(', ')}`,
          packages: packages ?? [...new Set(missing.flatMap((each) => packageOf(each) ?? []))],
        };
      const asked = version?.[0];
      const said = version && (await versionOf(mln, version));
      const named = programs.map((each) => (each === asked && said ? `${each} ${said}` : each));
      return { state: 'ok', detail: named.join(', ') };
    },
  };
}

/** Which of these programs cannot be found. */
export async function missingPrograms(mln: Mln, programs: readonly string[]): Promise<readonly string[]> {
  const script = 'for each; do command -v "$each" >/dev/null || echo "$each"; done';
  const { stdout } = await mln.shell('sh', ['-c', script, 'sh', ...programs], { timeout: LIMIT });
  return stdout.split('\n').filter((line) => line !== '');
}

/** The first that looks like a version in what a program prints, on stdout or stderr; null where nothing does. */
async function versionOf(mln: Mln, [program, ...args]: readonly [string, ...string[]]): Promise<string | null> {
  const { stdout, stderr } = await mln.shell(program, args, { accept: anyExit, timeout: LIMIT });
  return /\d+(?:\.\d+)+[^\s,;()]*/.exec(`${stdout}\n${stderr}`)?.[0] ?? null;
}
