import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bed } from './bed.js';
import { withLibraries } from './tree.js';

/** What xl says about a domain file. */
interface Said {
  readonly code: number | null;
  /** What it complains of, line by line. */
  readonly complaints: readonly string[];
  /** As libxl has read it, see libxl_types.idl of Xen; null where it has not. */
  readonly read: DomainConfig | null;
}

export interface DomainConfig {
  readonly c_info: { readonly name: string; readonly uuid: string; readonly type: string };
  readonly b_info: Readonly<Record<string, unknown>>;
  readonly disks?: readonly Readonly<Record<string, unknown>>[];
  readonly nics?: readonly Readonly<Record<string, unknown>>[];
  readonly [key: string]: unknown;
}

/** The real xl, which reads domain files on a machine without Xen. */
export interface Xl {
  reads(path: string): Said;
  /** The same for a file of this text. */
  readsText(text: string): Said;
  close(): void;
}

/** Makes the bed's xl ready to read files: see xl-alone.c. */
export function openXl({ tools, xen }: Bed): Xl {
  const folder = mkdtempSync(join(tmpdir(), 'mln-xl-'));
  const alone = join(folder, 'xl-alone.so');
  const source = join(import.meta.dirname, 'xl-alone.c');
  execFileSync('gcc', ['-shared', '-fPIC', '-O2', '-Wall', '-Werror', '-o', alone, source], { stdio: 'pipe' });
  const env = { ...withLibraries(tools), LD_PRELOAD: alone, LANG: 'C' };
  const reads: Xl['reads'] = (path) => {
    const program = join(tools, `usr/lib/xen-${xen}/bin/xl`);
    const { status, stdout, stderr } = spawnSync(program, ['create', '-n', path], { env, encoding: 'utf8' });
    // It says these of every file, on a machine without its configuration.
    const usual = [`Parsing config from ${path}`, /^Failed to read config file: \/etc\/xen\/xl\.conf: /];
    const complaints = stderr
      .split('\n')
      .filter(
        (line) => line !== '' && !usual.some((each) => (typeof each === 'string' ? line === each : each.test(line))),
      );
    return { code: status, complaints, read: stdout === '' ? null : (JSON.parse(stdout) as DomainConfig) };
  };
  return {
    reads,
    readsText(text) {
      const path = join(folder, 'domain.cfg');
      writeFileSync(path, text);
      return reads(path);
    },
    close() {
      rmSync(folder, { recursive: true });
    },
  };
}
