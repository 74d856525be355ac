import type { Package } from '../../src/protocol.js';
import { fakeHost, fakeProject } from '../../../../core/test/fake-project.js';

/** A project with these hosts, as it travels: it needs no files. */
export function packageOf(name: string, hosts: readonly string[], home: string | null = null): Package {
  return {
    project: fakeProject({ name, home, hosts: hosts.map((host) => fakeHost(host)), secret: '00'.repeat(16) }),
    source: `global { project ${name} }\n`,
    entries: [],
    templates: [],
    plugins: {},
  };
}
