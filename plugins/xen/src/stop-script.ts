import type { GuestType } from './guest-type.js';
import { consoleFunction, head, lock, lookFunction, rootOnly, settleFunctions } from './script-parts.js';

/** Where Xen has not been booted none of its guests runs: there is nothing to stop. */
const noXen = `if ! command -v xl >/dev/null || { [ ! -e /proc/xen/capabilities ] && [ ! -e /sys/hypervisor/type ] && ! xl list >/dev/null 2>&1; }; then
  exit 0
fi
`;

/** Stops a guest, or saves its memory. A guest that reboots is let come to an end of that first. */
export function stopScript(unit: string, uuid: string, type: GuestType, filtered = false): string {
  const unfilter = filtered ? './filter down' : '';
  // A whole machine without drivers of Xen hears its power button.
  const shutdown = `xl shutdown${type === 'hvm' ? ' -F' : ''}`;
  return `${head(`Stops ${unit} (Xen). Usage: stop [shutdown|save|halt|kill|wait SECONDS|clean]`, unit)}how=\${1:-shutdown}
seconds=\${2:-60}
case $how in
shutdown | save | halt | kill | wait | clean) ;;
*) fail "stop takes shutdown, save, halt, kill, wait SECONDS or clean, not $how" ;;
esac
case $seconds in '' | *[!0-9]*) fail "$seconds is no number of seconds" ;; esac
${noXen}${rootOnly(unit, 'only root may stop guests of Xen')}${lookFunction(unit, uuid, ['reason'])}${settleFunctions}${consoleFunction}${clearFunction(unit, unfilter)}${lock}if ! settled; then
  # It goes down, or reboots.
  [ "$how" != clean ] || exit 0
  ! dead || [ "$reason" = 1 ] || [ "$how" != shutdown ] || exit 0
  [ "$how" = kill ] || [ "$how" = halt ] || settle || fail "its domain is still going down, or made anew"
fi
left=''
if [ -n "$number" ] && { dead || half_made; }; then
  end_domain
  left=1
fi
# An xl that makes it anew is no end.
if [ -z "$number" ] && watched; then
  end_domain
fi
if [ -z "$number" ]; then
  clear_rest
  exit 0
fi
# It has gone on since, whoever started it.
rm -f memory.save
case $how in
shutdown)
  case $state in *p*) fail "its domain is paused, and hears nothing: xl unpause ${unit}" ;; esac
  said=$(${shutdown} "$number" 2>&1) || { settled && [ -n "$number" ] && fail "it cannot be asked to shut down: $said"; } || :
  ;;
wait)
  need timeout
  # Others may halt it meanwhile.
  exec 9<&-
  timeout -s KILL "$seconds" ${shutdown} -w "$number" >/dev/null 2>&1 || :
  tries=0
  while look && [ -n "$number" ]; do
    dead || fail "still runs"
    watched || end_domain
    tries=$((tries + 1))
    [ "$tries" -le 40 ] || fail "has shut down, but its domain does not go"
    sleep 0.5
  done
${unfilter === '' ? '' : `  ${unfilter}\n`}  ;;
halt)
  # Filesystems are written out and made read-only first, so that they are found clean.
  xl sysrq "$number" s >/dev/null 2>&1 || :
  xl sysrq "$number" u >/dev/null 2>&1 || :
  sleep 2
  end_domain
  clear_rest
  ;;
kill)
  end_domain
  clear_rest
  ;;
save)
  rm -f memory.save.part
  umask 077
  # A guest whose saving is cut off is lost.
  trap '' HUP INT TERM
  if ! xl save "$number" memory.save.part >xl.log 2>&1 9<&-; then
    said=$(grep -v -e '^Saving' -e '^xc: [ip]' xl.log | head -n 3)
    rm -f memory.save.part
    settle && [ -n "$number" ] && ! dead && fail "its memory cannot be saved, and it runs on: $said"
    fail "its memory cannot be saved: $said"
  fi
  sync memory.save.part 2>/dev/null || sync
  mv -f memory.save.part memory.save
  sync . 2>/dev/null || sync
  rm -f memory.restoring starting.*
${unfilter === '' ? '' : `  ${unfilter}\n`}  ;;
esac
`;
}

/** What is left of a domain that is gone. */
function clearFunction(unit: string, unfilter: string): string {
  return `clear_rest() {
  for each in starting.* memory.save.part memory.restoring; do
    [ ! -e "$each" ] || left=1
  done
  # Its console ends by itself.
  if [ -e pid ] && ! console_runs; then
    left=1
    rm -f pid
  fi
  rm -f domid starting.* memory.save.part memory.restoring
${unfilter === '' ? '' : `  ${unfilter}\n`}  [ "$how" != clean ] || [ -z "$left" ] || echo "${unit}: what it left when it died is taken away"
}
`;
}
