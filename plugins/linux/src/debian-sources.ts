import type { Shell } from '@mln/core';

/*
 * Where packages come from. With no mirror named it is where this machine gets its own: whoever runs it has chosen that
 * one. A machine of another distribution has none for Debian: mmdebstrap then knows one by itself.
 */

/** The lines of a sources.list(5) for a suite; null where mmdebstrap is to choose. */
export async function findSources(shell: Shell, suite: string, mirror: string | undefined): Promise<string | null> {
  if (mirror !== undefined) return `deb ${mirror} ${suite} main\n`;
  const format = '$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)';
  const { exitCode, stdout } = await shell('apt-get', ['indextargets', '--format', format, 'Created-By: Packages'], {
    accept: Array.from({ length: 256 }, (_, code) => code),
  });
  if (exitCode !== 0) return null;
  const releases = [suite, `${suite}-updates`, `${suite}-security`];
  const lines = stdout.split('\n').flatMap((line) => {
    const [uri = '', release = '', component, origin] = line.split(' ');
    // The origin is known once the lists have been fetched; others than Debian may call their suites by the same names.
    const own = component === 'main' && (origin === 'Debian' || origin === '$(ORIGIN)' || origin === '');
    return own && releases.includes(release) && /^https?:/.test(uri) ? `deb ${uri} ${release} main\n` : [];
  });
  const sorted = [...new Set(lines)].sort();
  return sorted.some((line) => line.includes(` ${suite} `)) ? sorted.join('') : null;
}

/** A text without the names and passwords that stand in its addresses. */
export function withoutSecrets(text: string): string {
  return text.replace(/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@]*@/gi, '$1');
}

/** The addresses in a sources.list(5), each once. */
export function mirrorsIn(sources: string): readonly string[] {
  const found = [...sources.matchAll(/^deb\s+(?:\[.*?\]\s+)?(\S+)/gm)].map(([, uri = '']) => withoutSecrets(uri));
  return [...new Set(found)];
}

/** The suite of this machine where it is a Debian, else Debian's stable. Takes os-release(5). */
export function ownSuite(osRelease: string): string {
  const codename = /^VERSION_CODENAME="?([a-z]+)"?$/m.exec(osRelease)?.[1];
  return /^ID="?debian"?$/m.test(osRelease) && codename !== undefined ? codename : 'stable';
}
