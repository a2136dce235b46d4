using System.Collections.Frozen;

namespace Godwit.Manual;

/// <summary>
/// Completion scripts for shells. All of them ask the program itself, by System.CommandLine's directive [suggest]: so what
/// is offered is what this version of it knows.
/// </summary>
public static class Completions
{
    private static readonly FrozenDictionary<string, string> Scripts = new Dictionary<string, string>
    {
        ["bash"] =
            """
            # Completion of PROGRAM for bash.
            _FUNCTION() {
                local word=${COMP_WORDS[COMP_CWORD]} words
                words=$(PROGRAM "[suggest:$COMP_POINT]" "$COMP_LINE" 2> /dev/null)
                # Options are offered to whoever begins one.
                [[ $word == -* ]] || words=$(grep -v '^-' <<< "$words")
                local IFS=$'\n'
                COMPREPLY=($(compgen -W "$words" -- "$word"))
            }
            complete -o default -F _FUNCTION PROGRAM

            """,
        ["zsh"] =
            """
            #compdef PROGRAM
            # Completion of PROGRAM for zsh.
            _FUNCTION() {
                local -a words_of_it
                words_of_it=("${(@f)$(PROGRAM "[suggest:${#BUFFER[1,CURSOR]}]" "$BUFFER" 2> /dev/null)}")
                words_of_it=(${words_of_it:#})
                (($#words_of_it)) && compadd -- $words_of_it || _files
            }
            _FUNCTION "$@"

            """,
        ["fish"] =
            """
            # Completion of PROGRAM for fish.
            complete -c PROGRAM -a "(PROGRAM '[suggest:'(commandline -C)']' (commandline) 2> /dev/null)"

            """,
    }.ToFrozenDictionary();

    public static IReadOnlyCollection<string> Shells => ["bash", "zsh", "fish"];

    /// <param name="shell">One of <see cref="Shells"/>.</param>
    /// <param name="program">Whose completions.</param>
    public static string For(string shell, string program) => Scripts[shell]
        .Replace("FUNCTION", program.Replace('-', '_'), StringComparison.Ordinal)
        .Replace("PROGRAM", program, StringComparison.Ordinal);
}
