/* What the Debian package says of itself: its control files, and what policy wants in /usr/share/doc. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** DEBFULLNAME and DEBEMAIL name whoever builds, as for Debian's own tools. */
const maintainer = `${process.env.DEBFULLNAME ?? 'The mln authors'} <${process.env.DEBEMAIL ?? 'maintainers@mln.invalid'}>`;

/** The control file, deb-control(5). */
export function control({ version, description, kibibytes }) {
  return `Package: mln
Version: ${version}
Architecture: all
Maintainer: ${maintainer}
Installed-Size: ${kibibytes}
Section: admin
Priority: optional
Depends: nodejs (>= 20.19), e2fsprogs, zstd
Recommends: user-mode-linux, uml-utilities, busybox-static
Suggests: gpgv, lvm2, mmdebstrap, screen, slirp, vde-switch, xen-utils-common, xz-utils
Description: ${description.replace(/:.*/, '')} of virtual machines
 One small language describes whole networks of virtual machines. mln builds
 their filesystems from templates, as an ordinary user and without mounting
 them, and starts, stops and watches the machines. Every feature is a plug-in:
 User-Mode Linux and Xen, logical volumes, the families of Linux in the guests.
`;
}

const reload = `if [ -d /run/systemd/system ]; then
  systemctl daemon-reload || true
fi
`;

export const postinst = `#!/bin/sh
set -e
if [ "$1" = configure ]; then
  for each in projects templates files; do
    [ -d /var/lib/mln/$each ] || mkdir -p -m 0700 /var/lib/mln/$each
  done
  if [ -d /run/systemd/system ]; then
    systemd-tmpfiles --create mln.conf || true
  fi
fi
${reload}`;

/** Guests of projects that the unit has started are stopped by the mln that is about to go. */
export const prerm = `#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
  systemctl stop mln.service || true
fi
`;

export const postrm = `#!/bin/sh
set -e
# Disks of guests are nothing that a package may take away.
if [ "$1" = remove ]; then
  rm -f /etc/systemd/system/multi-user.target.wants/mln.service
fi
if [ "$1" = purge ] && [ -d /var/lib/mln ]; then
  rm -f /var/lib/mln/setup.json
  rmdir /var/lib/mln/projects /var/lib/mln/templates /var/lib/mln/files /var/lib/mln 2>/dev/null || true
  if [ -d /var/lib/mln ]; then
    echo "mln: what is in /var/lib/mln is left there: projects and templates are yours" >&2
  fi
fi
${reload}`;

/** The CHANGELOG in the form of deb-changelog(5). It has no dates: each version gets the one that is given, in seconds. */
export function changelog(text, time) {
  const date = new Date(time * 1000).toUTCString().replace('GMT', '+0000');
  return text
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [version = '', ...lines] = section.trim().split('\n');
      const entries = lines
        .filter((line) => line !== '' && !line.startsWith('### '))
        .map((line) => (line.startsWith('- ') ? `  * ${line.slice(2)}` : `    ${line.trim()}`));
      return `mln (${version}) unstable; urgency=medium\n\n${entries.join('\n')}\n\n -- ${maintainer}  ${date}\n`;
    })
    .join('\n');
}

/** Debian has the text of this one already. */
const apache = 'The text of the license is in /usr/share/common-licenses/Apache-2.0.';

/** Who may do what with mln and the libraries in it, in Debian's machine-readable form. */
export function copyright(own, libraries) {
  return [
    'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: mln\n',
    paragraph('*', 'MIT', own),
    ...libraries.map(({ path, folder }) => {
      const { name, license = 'unknown', author } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const file = readdirSync(folder).find((each) => /^(licen[cs]e|copying)/i.test(each));
      const by = typeof author === 'string' ? author : author?.name;
      const text = file ? readFileSync(join(folder, file), 'utf8') : `${name} comes under the license ${license}.`;
      return paragraph(`${path}/*`, license, license === 'Apache-2.0' ? apache : text, by);
    }),
  ].join('\n');
}

function paragraph(files, license, text, author = 'its authors') {
  const holders = [...text.matchAll(/^\W*(copyright (?:\(c\)|©|\d).*)$/gim)].map(([, line]) => line.trim());
  const body = text
    .trim()
    .split('\n')
    .map((line) => (line.trim() === '' ? ' .' : ` ${line.trimEnd()}`));
  return `Files: ${files}\nCopyright: ${holders.length > 0 ? holders.join('\n ') : author}\nLicense: ${license}\n${body.join('\n')}\n`;
}
