import { quote, serversOf, type Project, type Scripts, type Switch } from '@mln/core';
import { aliasOf, bridgeOf, unmarkedOf } from './bridges.js';
import { head, lock, rootOnly } from './script-parts.js';

/**
 * A switch of Xen guests is a bridge of the physical host. Its alias marks it as made here; until it has that it has a
 * name that nobody else gives, so whatever is called as the switch is to be is marked, or is somebody else's. A bridge
 * that the project names and that others have made is used and left alone.
 */
export function emitSwitch(unit: Switch, scripts: Scripts, project: Project): void {
  scripts.script('start', startScript(unit, project));
  scripts.script('stop', stopScript(unit, project));
}

/** Sets `link` to what ip(8) tells of the bridge, and tells whether it is ours. */
function parts(unit: Switch, project: Project, comment: string, doing: string): string {
  const name = `${unit.name}.${project.name}`;
  return `${head(comment, name)}bridge=${quote(bridgeOf(unit, project))}
unmarked=${unmarkedOf(unit, project)}
${rootOnly(name, `only root may ${doing} bridges`)}need ip
link() { link=$(ip -d -o link show dev "$bridge" 2>/dev/null) || link=''; }
is_bridge() { case $link in *' bridge forward_delay '*) ;; *) return 1 ;; esac }
ours() { case "$link " in *" alias ${aliasOf(unit, project)} ") ;; *) return 1 ;; esac }
${lock}`;
}

function startScript(unit: Switch, project: Project): string {
  const name = `${unit.name}.${project.name}`;
  const settings = `alias ${quote(aliasOf(unit, project))}${unit.mtu === null ? '' : ` mtu ${unit.mtu}`}`;
  return `${parts(unit, project, `Starts the switch ${name} (a bridge).`, 'make')}link
if [ -n "$link" ]; then
  is_bridge || fail "$bridge is another network interface, and no bridge"
  ${unit.bridge === null ? refuseOthers : useOthers}
  ip link set dev "$bridge" up
  echo "${name} runs already"
  exit 0
fi
# A start that was killed may have left it.
ip link delete dev "$unmarked" 2>/dev/null || :
trap 'ip link delete dev "$unmarked" 2>/dev/null || :' EXIT
ip link add name "$unmarked" type bridge stp_state 0 forward_delay 0${unit.hub ? ' ageing_time 0' : ''}
ip link set dev "$unmarked" ${settings}
ip link set dev "$unmarked" name "$bridge" || fail "the bridge $bridge has just been made by somebody else"
trap - EXIT
ip link set dev "$bridge" up
`;
}

/** Whoever made the bridge that a project names has set it up as it is to be. */
const useOthers = 'ours || exit 0';

const refuseOthers = `ours || case $link in
  *' alias '*) fail "the bridge $bridge is not of this project: it is marked as \${link##* alias }" ;;
  *) fail "the bridge $bridge is not of this project: it bears no mark" ;;
  esac`;

function stopScript(unit: Switch, project: Project): string {
  const name = `${unit.name}.${project.name}`;
  return `${parts(unit, project, `Stops the switch ${name} (a bridge). Usage: stop [clean]`, 'remove')}ip link delete dev "$unmarked" 2>/dev/null || :
link
if [ -z "$link" ] || ! is_bridge || ! ours || [ "\${1:-}" = clean ]; then
  exit 0
fi
${unit.bridge === null && serversOf(unit, project).length > 1 ? leaveTunnels(unit, project) : ''}# The cards of guests that have just ended go by themselves.
tries=0
while cards=$(ip -o link show master "$bridge") && [ -n "$cards" ]; do
  tries=$((tries + 1))
  if [ "$tries" -gt 50 ]; then
    cards=\${cards#*: }
    fail "the bridge $bridge is left: \${cards%%[@:]*} is still joined to it"
  fi
  sleep 0.1
done
ip link delete dev "$bridge"
`;
}

/** Of a switch that is on several servers: what joins the bridge to its other parts, and was left when nobody took it away. */
function leaveTunnels(unit: Switch, project: Project): string {
  return `ip -d -o link show type vxlan | while read -r _ tunnel rest; do
  case "$rest " in
  *" master $bridge "*" alias mln-tunnel:${project.name}:${unit.name} ") ip link delete dev "\${tunnel%%[@:]*}" ;;
  esac
done
`;
}
