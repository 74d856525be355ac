import { execFile, execFileSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/* What the tests of packages share: everything packed once, and programs that run as whoever installs mln or uses it. */

export const root = process.cwd();

/** A folder of a test's own, that every user can read. */
export function scratch(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'mln-packages-')));
  execFileSync('chmod', ['755', folder]);
  return folder;
}

/** Packs everything into a folder; gives the paths of the tarballs by the names of their packages. */
export function packInto(folder: string): ReadonlyMap<string, string> {
  const listed = execFileSync(process.execPath, [join(root, 'scripts/pack.js'), folder], { encoding: 'utf8' });
  return new Map(
    listed
      .trim()
      .split('\n')
      .map((path) => [packageIn(path).name, path]),
  );
}

interface PackageFile {
  readonly name: string;
  readonly version: string;
}

function packageIn(tarball: string): PackageFile {
  return JSON.parse(
    execFileSync('tar', ['-xzOf', tarball, 'package/package.json'], { encoding: 'utf8' }),
  ) as PackageFile;
}

/** Packs one folder, as its author would; gives the tarball's path. */
export async function packFolder(source: string, folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const { stdout } = await run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder, source]);
  return join(folder, stdout.trim());
}

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly user?: User;
}

interface User {
  readonly uid: number;
  readonly gid: number;
}

/** Who uses what is installed: never root, as root is told to use no plug-ins of a folder. */
export const ordinary: User =
  process.getuid?.() === 0
    ? { uid: 65_534, gid: 65_534 }
    : { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

/** Runs a program to its end, without what npm tells its children of the run that this test is part of. */
export function run(
  program: string,
  args: readonly string[],
  { cwd, env = {}, user }: RunOptions = {},
): Promise<Ended> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(npm_|MLN_|NODE_OPTIONS$|XDG_)/i.test(name));
  return new Promise((resolve, reject) => {
    execFile(
      program,
      args,
      { cwd, env: { ...Object.fromEntries(inherited), ...env }, ...user, maxBuffer: 2 ** 26 },
      (error, stdout, stderr) => {
        if (error && typeof error.code !== 'number') reject(new Error(error.message));
        else resolve({ code: Number(error?.code ?? 0), stdout, stderr });
      },
    );
  });
}

/** Runs a program that must succeed; gives what it printed. */
export async function succeed(program: string, args: readonly string[], options?: RunOptions): Promise<string> {
  const { code, stdout, stderr } = await run(program, args, options);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
  return stdout;
}

/** npm, as far as it can without asking anybody for what it has already. */
export function npm(args: readonly string[], options?: RunOptions): Promise<string> {
  return succeed('npm', [...args, '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'], options);
}

/** Writes files below a folder, and gives the folder to whom uses mln. */
export function writeAll(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** Gives a folder and all that is in it to whom uses mln. */
export function giveAway(folder: string): void {
  if (process.getuid?.() !== 0) return;
  chownSync(folder, ordinary.uid, ordinary.gid);
  execFileSync('chown', ['-R', `${ordinary.uid}:${ordinary.gid}`, folder]);
}

/** A registry on this machine's loopback that has some packages, as npm asks for them. Gives its address. */
export async function serve(tarballs: readonly string[]): Promise<{ address: string; close(): void }> {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '').slice(1);
    const tarball = tarballs.find((each) => path === `tarballs/${each.split('/').at(-1) ?? ''}`);
    const described = tarballs.find((each) => packageIn(each).name === path);
    if (tarball !== undefined) response.end(readFileSync(tarball));
    else if (described !== undefined) response.end(JSON.stringify(description(described, address)));
    else response.writeHead(404).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    address,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function description(tarball: string, address: string): unknown {
  const said = packageIn(tarball);
  const integrity = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`;
  const dist = { tarball: `${address}/tarballs/${tarball.split('/').at(-1) ?? ''}`, integrity };
  return { name: said.name, 'dist-tags': { latest: said.version }, versions: { [said.version]: { ...said, dist } } };
}

/** The files below a folder, as paths from there. */
export function filesBelow(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}
