// Command lint runs the checks that the project holds itself to, in one pass over the packages: those of go vet,
// staticcheck, and what they do not see: unclosed rows and statements, forgotten rows.Err, errors compared or wrapped wrongly.
// It is a module of its own, so that the program does not depend on its linters.
package main

import (
	"slices"

	"github.com/jingyugao/rowserrcheck/passes/rowserr"
	"github.com/polyfloyd/go-errorlint/errorlint"
	"github.com/ryanrolds/sqlclosecheck/pkg/analyzer"
	"github.com/timakin/bodyclose/passes/bodyclose"
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/multichecker"
	"golang.org/x/tools/go/analysis/passes/nilness"
	"golang.org/x/tools/go/analysis/passes/unusedwrite"
	"honnef.co/go/tools/analysis/lint"
	"honnef.co/go/tools/simple"
	"honnef.co/go/tools/staticcheck"
	"honnef.co/go/tools/stylecheck"
	"honnef.co/go/tools/unused"
)

// style is what of stylecheck says something that a reader would miss.
func style() []string {
	return []string{"ST1000", "ST1005", "ST1008", "ST1016", "ST1019", "ST1020", "ST1021", "ST1022"}
}

func main() {
	checks := []*analysis.Analyzer{
		analyzer.NewAnalyzer(), rowserr.NewAnalyzer(), errorlint.NewAnalyzer(), bodyclose.Analyzer,
		nilness.Analyzer, unusedwrite.Analyzer, unused.Analyzer.Analyzer,
	}
	for _, list := range [][]*lint.Analyzer{staticcheck.Analyzers, simple.Analyzers} {
		for _, a := range list {
			checks = append(checks, a.Analyzer)
		}
	}
	for _, a := range stylecheck.Analyzers {
		if slices.Contains(style(), a.Analyzer.Name) {
			checks = append(checks, a.Analyzer)
		}
	}
	multichecker.Main(checks...)
}
