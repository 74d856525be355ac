import type { Host, Project, Scripts } from '@mln/core';
import { bridgeOfInterface } from './bridges.js';
import { consoleScript } from './console-script.js';
import { ALONE, domainFile } from './domain-file.js';
import { kernelOf, typeOf, type Options } from './guest-type.js';
import { domainName, domainUuid } from './identity.js';
import { isFiltered, startScript } from './start-script.js';
import { stopScript } from './stop-script.js';

/** Writes a host's domain file and its scripts. The paths are those of its disks, in order. */
export function emitHost(
  host: Host,
  scripts: Scripts,
  project: Project,
  options: Options,
  paths: readonly string[],
): void {
  const unit = domainName(host, project);
  const uuid = domainUuid(host, project);
  const type = typeOf(host, options);
  scripts.file('domain.cfg', domainFile(host, { project, options, paths }));
  scripts.script('start', startScript(host, { project, options, unit, uuid, paths }));
  scripts.script('stop', stopScript(unit, uuid, type, isFiltered(host)));
  // What a BIOS boots knows a serial line alone.
  scripts.script('console', consoleScript(unit, uuid, kernelOf(host, options) === null ? 'serial' : 'pv'));
  if (host.interfaces.some((each) => bridgeOfInterface(each, project) === null))
    scripts.script(ALONE, aloneScript(unit));
}

/** What xl calls for a card in place of Xen's own script, see xl-network-configuration(5). */
function aloneScript(unit: string): string {
  return `#!/bin/sh
# Joins a card of ${unit} (Xen) to nothing. Called by xl.
set -eu
PATH=$PATH:/usr/sbin:/sbin
case \${1:-}:\${vif:-} in
*:) ;;
add:* | online:*)
  ip link set dev "$vif" up
  xenstore-write "$XENBUS_PATH/hotplug-status" connected
  ;;
esac
`;
}
