/** The scripts that a shell reads: each asks `tidemark __complete WORD…` what can follow. */

const BASH = `# tidemark completion bash
_tidemark() {
  local IFS=$'\\n'
  # The words as they are typed: bash would break them at colons and equals signs.
  local line="\${COMP_LINE:0:COMP_POINT}"
  local words
  IFS=' ' read -r -a words <<< "$line"
  [[ "$line" == *' ' ]] && words+=('')
  COMPREPLY=($(tidemark __complete -- "\${words[@]:1}" 2>/dev/null))
  # What stands before the last colon is not replaced.
  local last="\${words[\${#words[@]}-1]}"
  if [[ "$last" == *:* && "$COMP_WORDBREAKS" == *:* ]]; then
    local before="\${last%"\${last##*:}"}"
    COMPREPLY=("\${COMPREPLY[@]#"$before"}")
  fi
  # A target such as group: goes on.
  [[ "\${#COMPREPLY[@]}" == 1 && "\${COMPREPLY[0]}" == *: ]] && compopt -o nospace
}
complete -F _tidemark tidemark
`

const ZSH = `#compdef tidemark
# tidemark completion zsh
_tidemark() {
  local -a found
  found=("\${(@f)$(tidemark __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  (( \${#found[1]} )) && compadd -- "\${found[@]}"
}
compdef _tidemark tidemark
`

const FISH = `# tidemark completion fish
function __tidemark_complete
  set -l words (commandline -opc) (commandline -ct)
  tidemark __complete -- $words[2..-1] 2>/dev/null
end
complete -c tidemark -f -a '(__tidemark_complete)'
`

export const SCRIPTS = { bash: BASH, zsh: ZSH, fish: FISH } as const
export type Shell = keyof typeof SCRIPTS
