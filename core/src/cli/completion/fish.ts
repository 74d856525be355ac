/**
 * Completion for fish(1): a file mln.fish of a folder of $fish_complete_path. The command is handed over as it is typed;
 * command substitutions and variables in it are not run or read. fish escapes what it inserts.
 */
export const fish = `# mln completion fish: completion for mln

function __mln_complete
    set -l line (commandline -cp | string collect)
    command mln complete fish "$line" </dev/null 2>/dev/null
end

complete -c mln -f -a '(__mln_complete)'
`;
