package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCommand struct {
	Shell string `arg:"" help:"${enum}" enum:"bash,zsh,fish"`
}

// Run prints the script, made of the same source as --help.
func (s *completionCommand) Run(c console, k *kong.Context) error {
	root := k.Model.Node
	script := map[string]func(*kong.Node) string{"bash": bashCompletion, "zsh": zshCompletion, "fish": fishCompletion}[s.Shell]
	_, err := io.WriteString(c.out, script(root))
	return err
}

// choice is what can follow at a place of the command line.
type choice struct {
	path  string // of the subcommands so far, such as "ticket list"; "" at the beginning
	words []string
}

// choices lists the subcommands and flags that can follow each path.
func choices(root *kong.Node) []choice {
	var list []choice
	var walk func(n *kong.Node, path []string)
	walk = func(n *kong.Node, path []string) {
		c := choice{path: strings.Join(path, " ")}
		for _, child := range n.Children {
			if !child.Hidden {
				c.words = append(c.words, child.Name)
			}
		}
		for _, f := range n.Flags {
			if !f.Hidden {
				c.words = append(c.words, "--"+f.Name)
			}
		}
		for _, p := range n.Positional {
			c.words = append(c.words, values(p)...)
		}
		list = append(list, c)
		for _, child := range n.Children {
			walk(child, append(path[:len(path):len(path)], child.Name))
		}
	}
	walk(root, nil)
	return list
}

// values lists what an argument or a flag may be, where that is a closed list.
func values(v *kong.Value) []string {
	if v.Enum == "" {
		return nil
	}
	var list []string
	for _, value := range v.EnumSlice() {
		if value != "" {
			list = append(list, value)
		}
	}
	return list
}

// flagValues lists the flags whose values are a closed list, each once by path and name.
func flagValues(root *kong.Node) (list []choice) {
	for _, leaf := range root.Leaves(true) {
		for _, f := range leaf.Flags {
			if words := values(f.Value); len(words) > 0 {
				list = append(list, choice{path: strings.TrimPrefix(leaf.Path(), root.Name+" ") + " --" + f.Name, words: words})
			}
		}
	}
	return list
}

// wordsFunction is a shell function that prints what can follow a path.
func wordsFunction(root *kong.Node) string {
	var b strings.Builder
	b.WriteString("_radicado_words() {\n\tcase $1 in\n")
	for _, c := range append(choices(root), flagValues(root)...) {
		fmt.Fprintf(&b, "\t'%s') echo '%s' ;;\n", c.path, strings.Join(c.words, " "))
	}
	b.WriteString("\tesac\n}\n")
	return b.String()
}

// bashCompletion finds the subcommands before the cursor, and offers what can follow them; files where that is nothing.
func bashCompletion(root *kong.Node) string {
	return "# bash completion of radicado, made by \"radicado completion bash\"\n" + wordsFunction(root) + `_radicado() {
	local word at= last=${COMP_WORDS[COMP_CWORD-1]} list i
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		[[ $word != -* && " $(_radicado_words "$at") " == *" $word "* ]] && at="${at:+$at }$word"
	done
	list=$(_radicado_words "$at $last")
	[[ $last == --* && -n $list ]] || list=$(_radicado_words "$at")
	mapfile -t COMPREPLY < <(compgen -W "$list" -- "${COMP_WORDS[COMP_CWORD]}")
}
complete -o bashdefault -o default -F _radicado radicado
`
}

// zshCompletion is the same in the words of zsh.
func zshCompletion(root *kong.Node) string {
	return "#compdef radicado\n# zsh completion of radicado, made by \"radicado completion zsh\"\n" + wordsFunction(root) + `_radicado() {
	local word at= last=${words[CURRENT-1]} list
	for word in ${words[2,CURRENT-1]}; do
		[[ $word != -* && " $(_radicado_words "$at") " == *" $word "* ]] && at="${at:+$at }$word"
	done
	list=$(_radicado_words "$at $last")
	[[ $last == --* && -n $list ]] || list=$(_radicado_words "$at")
	compadd -- ${(s: :)list}
	_files
}
compdef _radicado radicado
`
}

// fishCompletion has a line for each place and each flag.
func fishCompletion(root *kong.Node) string {
	var b strings.Builder
	b.WriteString(`# fish completion of radicado, made by "radicado completion fish"
function __radicado_at
	set -l at
	for word in (commandline -opc)[2..-1]
		string match -q -- '-*' $word; or set -a at $word
	end
	test "$at" = "$argv[1]"
end
`)
	for _, c := range choices(root) {
		for _, word := range c.words {
			if flag, ok := strings.CutPrefix(word, "--"); ok {
				fmt.Fprintf(&b, "complete -c radicado -n '__radicado_at \"%s\"' -l %s\n", c.path, flag)
			} else {
				fmt.Fprintf(&b, "complete -c radicado -n '__radicado_at \"%s\"' -a %s\n", c.path, word)
			}
		}
	}
	for _, c := range flagValues(root) {
		path, flag, _ := strings.Cut(c.path, " --")
		fmt.Fprintf(&b, "complete -c radicado -n '__radicado_at \"%s\"' -l %s -x -a '%s'\n", path, flag, strings.Join(c.words, " "))
	}
	return b.String()
}
