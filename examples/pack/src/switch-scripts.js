// @ts-check
import { emitProcess } from './process-scripts.js';

/** @import { Project, Scripts, Switch } from '@mln/core' */

/**
 * A switch hands each line, which begins with the name of its sender, to all others that are connected to it.
 *
 * @param {Switch} unit
 * @param {Scripts} scripts
 * @param {Project} project
 */
export function emitSwitch({ name, ports }, scripts, project) {
  const hosts = [...new Set(ports.map(([host]) => host))].join(' ');
  emitProcess(
    scripts,
    `${name}.${project.name}`,
    `hosts='${hosts}'
while read -r from text; do
  echo "$from $text"
  for host in $hosts; do
    # Opened for both ways it does not wait for a guest that is down.
    if [ "$host" != "$from" ] && [ -p "../$host/console.in" ]; then
      printf 'heard %s %s\\n' "$from" "$text" 1<>"../$host/console.in"
    fi
  done
done
`,
  );
}
