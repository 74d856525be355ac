import { consoleFunction, head, lookFunction } from './script-parts.js';

/**
 * Keeps a guest's console going: xenconsole(8) ends with its domain, and a guest that reboots is a new one. What is
 * written goes to standard output, what comes in to the guest; xl(1) reads nothing that does not come from a terminal.
 * Where it is given a file, it writes into it once the console is there, or takes it away where that fails.
 */
export function consoleScript(unit: string, uuid: string, type: 'pv' | 'serial'): string {
  return `${head(`Keeps the console of ${unit} (Xen) going until it is down. Usage: console [FILE]`, unit)}need flock xl
${lookFunction(unit, uuid, [])}${consoleFunction}! console_runs || exit 0
# It belongs to its hypervisor, and is rarely on PATH.
xenconsole=$(command -v xenconsole) || xenconsole=''
version=''
[ ! -r /sys/hypervisor/version/major ] || {
  read -r major </sys/hypervisor/version/major
  read -r minor </sys/hypervisor/version/minor
  version=$major.$minor
}
for each in "/usr/lib/xen-$version/bin" /usr/lib/xen*/bin /usr/lib64/xen*/bin /usr/libexec/xen*/bin /usr/local/lib/xen*/bin; do
  [ -n "$xenconsole" ] || [ ! -x "$each/xenconsole" ] || xenconsole=$each/xenconsole
done
file=\${1:-}
end() {
  [ -z "$file" ] || [ -s "$file" ] || rm -f "$file"
  ! read -r keeper <pid || [ "$keeper" != $$ ] || rm -f pid
}
trap end EXIT
echo $$ >pid
[ -n "$xenconsole" ] || fail "the program xenconsole of Xen is not installed"
while look; do
  case $number:$state in
  :*) watched || {
    rm -f domid
    exit 0
  } ;;
  *[scd]*) watched || exit 0 ;;
  *)
    if [ -n "$file" ]; then
      "$xenconsole" --type ${type} --start-notify-fd 8 --interactive "$number" 2>console.err 8>"$file" || :
      # It is gone once the start that waits for it is done.
      [ ! -e "$file" ] || [ -s "$file" ] || fail "$(cat console.err)"
      file=''
    else
      "$xenconsole" --type ${type} --interactive "$number" 2>console.err || :
    fi
    ;;
  esac
  sleep 1
done
`;
}
