// @ts-check
import { emitProcess } from './process-scripts.js';

/** @import { Host, Mln, Project, Scripts } from '@mln/core' */

/**
 * A guest holds its root disk open and answers lines on its console. Everything of the project goes through quote.
 *
 * @param {Mln['core']} core
 * @param {Host} host
 * @param {Scripts} scripts
 * @param {Project} project
 * @param {Readonly<Record<string, string>>} words What other plug-ins have taught it.
 */
export function emitGuest({ quote, readyMark }, host, scripts, project, words) {
  const [root] = host.disks;
  const disk = quote(root?.path ?? '/dev/null');
  const { greeting } = host.keywords;
  const switches = host.interfaces.flatMap((each) => each.switch ?? []).join(' ');
  const taught = Object.entries(words).map(([word, command]) => `  ${quote(word)}) ${command} ;;\n`);
  emitProcess(
    scripts,
    `${host.name}.${project.name}`,
    `# shellcheck disable=SC3045 # dash, bash and busybox know it
ulimit -v ${host.memory / 1024}
switches='${switches}'
exec 8<>${disk} || exit 1
flock -n 8 || { echo "its disk is in use"; exit 1; }
show() {
  case $1 in
  '' | *[!A-Za-z0-9/._-]*) echo "cat takes the path of a file" ;;
  *) debugfs -R "cat $1" ${disk} 2>/dev/null || echo "$1 cannot be read" ;;
  esac
}
say() {
  for switch in $switches; do
    [ ! -p "../$switch/console.in" ] || printf '%s %s\\n' ${host.name} "$1" 1<>"../$switch/console.in"
  done
}
${greeting === undefined ? '' : `echo ${quote(String(greeting))}\n`}echo ${quote(readyMark(host.name, project.name))}
while read -r word rest; do
  case $word in
  hostname) echo ${host.name} ;;
  cat) show "$rest" ;;
  say) say "$rest" ;;
  heard) echo "$rest" ;;
  halt) kill -TERM $$ ;;
${taught.join('')}  '') ;;
  *) echo "$word: a toy does not know that" ;;
  esac
done
`,
  );
}
