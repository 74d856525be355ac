/**
 * Completion for bash(1) 4.4 and newer; it needs nothing of the bash-completion package. The line is handed over as it
 * is typed, in quotes: mln takes it apart, and no shell evaluates it. What comes back is read line by line; names of files
 * are quoted by readline (`filenames`), and others need no quotes.
 */
export const bash = `# mln completion bash: completion for mln

_mln() {
  local IFS=$' \\t\\n' mode='' candidate=''
  COMPREPLY=()
  {
    IFS= read -r mode
    while IFS= read -r candidate; do COMPREPLY+=("$candidate"); done
  } < <(command mln complete bash "\${COMP_LINE:0:COMP_POINT}" "$2" </dev/null 2>/dev/null)
  compopt -o nosort
  case $mode in filenames | nospace) compopt -o "$mode" ;; esac
} 2>/dev/null

complete -F _mln mln
`;
