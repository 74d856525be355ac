import { MiB, quote } from '@mln/core';
import { rewritten } from './debian-common.js';

/*
 * What runs as root, or as what passes for it: mmdebstrap fills a folder, mke2fs makes the image of it. Three ways:
 *
 *   root        with a mount namespace
 *   unshare     as root of a user namespace, with the caller's subordinate ids: an ordinary user's way
 *   fakechroot  with libraries that pretend: where there can be no namespace
 *
 * In a namespace the folder is a tmpfs, which goes with its last process, however that ends.
 */
export type Mode = 'root' | 'unshare' | 'fakechroot';

export interface Wanted {
  readonly suite: string;
  readonly packages: readonly string[];
  /** Whether a sources.list comes on standard input. */
  readonly sources: boolean;
  /** Bytes; null for what the packages take and some room. */
  readonly size: number | null;
  /** Absolute; nothing is there yet. */
  readonly image: string;
  /** Absolute, empty, the calling user's own: for what is needed on the way. */
  readonly folder: string;
}

/** Room that guests get for their own files, beside what the packages take. */
const ROOM = 80 * MiB;

/** Said on standard error when the image is begun. */
export const writing = 'I: writing the image...';

/** Documentation is left out, but for the licences; so are translations. It stays so for what a guest installs later. */
const leftOut = [
  ...['doc', 'man', 'info', 'locale', 'lintian', 'bug'].map((each) => `path-exclude=/usr/share/${each}/*`),
  'path-include=/usr/share/doc/*/copyright',
];

// The scripts' arguments: folder, image, bytes (or 0), and those of mmdebstrap.
const install = `mkdir "$1/root"
shift 3
mmdebstrap "$@" >&2`;

/*
 * A filesystem takes what its files take, a tenth for tables and journal, and the room. Its blocks are as large as pages:
 * with smaller ones the ubd driver of User-Mode Linux reads wrong bytes from copy-on-write disks, where one page stands
 * partly in the disk and partly in what it stands on (do_io in ubd_kern.c counts the last part alone). Packages are told
 * on standard output.
 */
const makeImage = `echo '${writing}' >&2
used=$(du -skx "$1/root" | cut -f 1)
least=$((used + used / 10 + 8192))
kib=$(($3 / 1024))
[ "$kib" -gt 0 ] || kib=$(((least + ${ROOM / 1024}) / 1024 * 1024))
[ "$kib" -ge "$least" ] || { echo "E: the packages need a filesystem of $((least / 1024 + 1)) MiB" >&2; exit 1; }
truncate -s "\${kib}K" "$2"
mkdir "$1/late"
for each in ${rewritten.join(' ')}; do
  if [ -f "$1/root/$each" ] && [ ! -L "$1/root/$each" ]; then
    mkdir -p "$1/late/\${each%/*}"
    mv "$1/root/$each" "$1/late/$each"
  fi
done
mke2fs -q -F -t ext4 -b 4096 -i 8192 -J size=4 -m 1 -L debian -d "$1/root" "$2" >&2
( cd "$1/late"; find . -type f ) | sort | while read -r each; do
  each=\${each#./}
  printf 'cd /%s\\n' "\${each%/*}"
  printf 'write "%s" %s\\n' "$1/late/$each" "\${each##*/}"
  stat --printf "sif \${each##*/} mode 0100%a\\\\nsif \${each##*/} uid %u\\\\nsif \${each##*/} gid %g\\\\n" "$1/late/$each"
done >"$1/lines"
debugfs -w -f "$1/lines" "$2" >/dev/null
dpkg-query --admindir="$1/root/var/lib/dpkg" --show`;

const inNamespace = `set -eu
umask 022
mount -t tmpfs -o mode=0755 mln "$1"
export TMPDIR="$1"
(
${install}
)
${makeImage}
`;

/** fakechroot writes the folder into absolute links, and drops file capabilities: ping is set-uid instead. */
const relink = `find "$1/root" -lname "$1/root/*" -printf '%p\\n%l\\n' |
while IFS= read -r link && IFS= read -r target; do ln -sfn "\${target#"$1/root"}" "$link"; done
[ ! -x "$1/root/usr/bin/ping" ] || chmod u+s "$1/root/usr/bin/ping"`;

/** faked has a session of its own: it is known by the file where it keeps the owners. */
const inFakechroot = `set -eu
owners=$1/owners
end() {
  trap - TERM
  for process in /proc/[0-9]*; do
    ! grep -qsF "$owners" "$process/cmdline" || kill -KILL "\${process##*/}"
  done
  kill -KILL 0
}
trap end TERM
umask 022
export TMPDIR="$1"
exec 3<&0
{
fakechroot fakeroot -s "$owners" sh -euc ${quote(install)} sh "$@"
fakeroot -i "$owners" sh -euc ${quote(`${relink}\n${makeImage}`)} sh "$@"
} <&3 3<&- &
wait $!
`;

/** The command that builds: a program and its arguments. It prints the packages with their versions. */
export function buildCommand(mode: Mode, wanted: Wanted): readonly [program: string, args: readonly string[]] {
  const { suite, packages, sources, size, image, folder } = wanted;
  const words = [
    `--mode=${mode === 'fakechroot' ? 'fakechroot' : 'root'}`,
    '--variant=minbase',
    '--format=directory',
    // Without them /bin and its like are merged by a program that needs the whole of Perl.
    '--hook-dir=/usr/share/mmdebstrap/hooks/maybe-merged-usr',
    ...leftOut.map((each) => `--dpkgopt=${each}`),
    `--include=${packages.join(',')}`,
    suite,
    `${folder}/root`,
    ...(sources ? ['-'] : []),
  ];
  const script = mode === 'fakechroot' ? inFakechroot : inNamespace;
  return ['setpriv', [...enter(mode), 'sh', '-c', script, 'sh', folder, image, String(size ?? 0), ...words]];
}

/** setpriv's arguments: into namespaces that end when mln does, or, where there are none, a session that does. */
export function enter(mode: Mode): readonly string[] {
  if (mode === 'fakechroot') return ['--pdeathsig', 'TERM', 'setsid'];
  const asRoot = mode === 'root' ? [] : ['--map-root-user', '--map-auto'];
  return ['--pdeathsig', 'KILL', 'unshare', ...asRoot, '--mount', '--pid', '--fork', '--kill-child'];
}
