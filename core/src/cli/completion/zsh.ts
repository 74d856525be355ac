/**
 * Completion for zsh(1): a file _mln of a folder of $fpath, or sourced after compinit. The words are handed over as they
 * are typed, in quotes; nothing is expanded. compadd quotes what it inserts.
 */
export const zsh = `#compdef mln
# mln completion zsh: completion for mln

_mln() {
  emulate -L zsh
  local mode line
  local -a lines names folders shown
  lines=("\${(@f)$(command mln complete zsh "\${(j: :)words[1,CURRENT-1]} $QIPREFIX$IPREFIX$PREFIX" </dev/null 2>/dev/null)}")
  mode=$lines[1]
  shift lines
  (( $#lines )) || return 1
  if [[ $mode == files ]]; then
    compset -P '*/' || compset -P 1 '--*='
    for line in "\${(@)lines}"; do
      if [[ $line == */ ]]; then folders+=("\${line%/}"); else names+=("$line"); fi
    done
    (( $#folders )) && compadd -f -q -S / -a folders
    (( $#names )) && compadd -f -a names
    return 0
  fi
  local -i width=0 helped=0
  for line in "\${(@)lines}"; do
    names+=("\${line%%$'\\t'*}")
    (( $#names[-1] > width )) && width=$#names[-1]
    [[ -n \${line#*$'\\t'} ]] && helped=1
  done
  for line in "\${(@)lines}"; do shown+=("\${(r:width:)\${line%%$'\\t'*}}  \${line#*$'\\t'}"); done
  case $mode in
    list) compadd -q -S , -V mln -a names ;;
    part) compadd -S '' -V mln -a names ;;
    *) if (( helped )); then compadd -l -d shown -V mln -a names; else compadd -V mln -a names; fi ;;
  esac
}

if [[ $funcstack[1] == _mln ]]; then _mln "$@"; else compdef _mln mln; fi
`;
