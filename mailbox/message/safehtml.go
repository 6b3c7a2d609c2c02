package message

import (
	"regexp"
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"
)

// safeHTML returns the HTML of the body with nothing in it that runs, loads or hides: no scripts, no styles, no pictures
// but those that came with the mail.
func (b *body) safeHTML() string {
	var sb strings.Builder
	for i := range b.blocks {
		for _, source := range b.blocks[i].html {
			sb.WriteString(policy().Sanitize(string(source)))
		}
	}
	return strings.TrimSpace(sb.String())
}

// policy is built once and not changed afterwards: bluemonday allows its use from several goroutines then.
var policy = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowStandardURLs()
	p.AllowURLSchemes("http", "https", "mailto", "cid")
	p.AllowStandardAttributes()
	p.AllowElements("p", "br", "div", "span", "b", "i", "u", "s", "em", "strong", "small", "sub", "sup", "pre", "code", "blockquote", "hr", "center",
		"h1", "h2", "h3", "h4", "h5", "h6", "font", "abbr", "address", "cite", "del", "ins", "q")
	p.AllowLists()
	p.AllowTables()
	p.AllowAttrs("href").OnElements("a")
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	p.AllowAttrs("src").Matching(regexp.MustCompile(`^cid:[^\s"'<>]+$`)).OnElements("img")
	p.AllowAttrs("alt").OnElements("img")
	p.AllowAttrs("width", "height").Matching(bluemonday.NumberOrPercent).OnElements("img")
	return p
})
