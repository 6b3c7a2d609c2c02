package tickets

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// Article is a first-level solution that is kept on file.
type Article struct {
	Name  string   // by which #solucion calls it
	Title string   // what it solves
	Words []string // by which it is found besides those of its title and text
	Text  string   // what the official is told
}

// ArticleView is an article that is suggested.
type ArticleView struct {
	Name  string `json:"name"`
	Title string `json:"title"`
}

// How much a word counts where it stands, how much an article needs to be suggested, and how many are.
const (
	weightKeyword = 4.0
	weightTitle   = 3.0
	weightText    = 1.0
	leastScore    = 4.0
	maxArticles   = 3
)

// Library is the articles with an index of their words. It does not change, and a nil one is empty.
type Library struct {
	articles []Article
	weights  map[uint32][]weighted // by word of a Gist
}

// weighted is how much a word speaks for an article.
type weighted struct {
	article int
	weight  float64
}

// NewLibrary returns a library of the articles. Words that few of them have count more.
func NewLibrary(articles []Article) *Library {
	l := &Library{articles: articles, weights: map[uint32][]weighted{}}
	for i, a := range articles {
		for word, weight := range a.weights() {
			l.weights[word] = append(l.weights[word], weighted{i, weight})
		}
	}
	for _, list := range l.weights {
		rarity := math.Log(1 + float64(len(articles))/float64(len(list)))
		for i := range list {
			list[i].weight *= rarity
		}
	}
	return l
}

// Articles returns every article.
func (l *Library) Articles() []Article {
	if l == nil {
		return nil
	}
	return l.articles
}

// Suggest returns the articles that fit what a request is about best, the best first.
func (l *Library) Suggest(gist *Gist) []Article {
	if l == nil {
		return nil
	}
	scores := make([]float64, len(l.articles))
	for _, word := range gist.words {
		for _, found := range l.weights[word] {
			scores[found.article] += found.weight
		}
	}
	var fits []int
	for i, score := range scores {
		if score >= leastScore {
			fits = append(fits, i)
		}
	}
	slices.SortStableFunc(fits, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	var best []Article
	for _, i := range fits[:min(len(fits), maxArticles)] {
		best = append(best, l.articles[i])
	}
	return best
}

// weights returns how much each word of the article counts.
func (a Article) weights() map[uint32]float64 {
	weights := map[uint32]float64{}
	for text, weight := range map[string]float64{strings.Join(a.Words, " "): weightKeyword, a.Title: weightTitle, a.Text: weightText} {
		for _, word := range GistOf(text).words {
			weights[word] = max(weights[word], weight)
		}
	}
	return weights
}

// stem cuts the commonest endings of Spanish, roughly: what matters is that the same is cut everywhere.
func stem(word string) string {
	for _, end := range endings[word[len(word)-1]] {
		if cut, ok := strings.CutSuffix(word, end); ok && len(cut) >= 4 {
			return cut
		}
	}
	return word
}

// endings are those that are cut, by their last letter.
var endings = endingTable("ciones", "cion", "mente", "ando", "iendo", "amos", "emos", "ados", "adas", "idos", "idas", "ado", "ada", "ido", "ida",
	"aron", "ieron", "es", "as", "os", "an", "en", "ar", "er", "ir", "a", "e", "o", "s")

func endingTable(list ...string) (table [1 << 8][]string) {
	for _, end := range list {
		last := end[len(end)-1]
		table[last] = append(table[last], end)
	}
	return table
}

// commonWords say nothing about what a request is about.
var commonWords = wordSet(`ante bien buen buena buenas bueno buenos como con cordial cual cuando del desde dia dias donde ell
		ella ellos esta estan este esto favor gracias hace hacer hasta hay las les los mas mis muy nos nuestra nuestro para pero por porque
		puede pued puedo que quien saludo señor señora ser ser si sin sobre solicit son soy sus tarde tambien tengo tiene todo todos una uno
		unos usted vez the and for not with que aqui ahora ayer hoy ayud agradezc mucha muchas quedo atent`)

func wordSet(list string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(list) {
		set[w] = true
	}
	return set
}

// common reports whether a word says nothing about what a request is about.
func common(word string) bool {
	return commonWords[word]
}

// article finds the article that the argument of #solucion names. Anything else is the solution itself, but a single word that
// is nearly an article's name is a slip and must not reach the official.
func (w *work) article(arg string) (Article, *Problem) {
	var names []string
	for _, a := range w.in.Policy.Library.Articles() {
		if Fold(arg) == Fold(a.Name) || Fold(arg) == Fold(a.Title) {
			return a, nil
		}
		names = append(names, a.Name)
	}
	if near := Nearest(arg, names); near != "" && !strings.Contains(arg, " ") {
		return Article{}, &Problem{Code: ProblemUnknownArgument, Value: arg, Nearest: near}
	}
	return Article{}, nil
}

// advice is what helps the coordinators with a new request.
type advice struct {
	articles  []ArticleView
	similar   []TicketView
	links     []Link // ready-made commands for the above
	staff     []StaffView
	resources []ResourceView
}

// advise gathers it, once for all of them: it is the dearest part of registering a request.
func (w *work) advise() advice {
	a := advice{staff: w.staff(), resources: w.resources()}
	gist := w.gist
	if gist == nil {
		gist = w.t.Gist()
	}
	for _, article := range w.in.Policy.Library.Suggest(gist) {
		a.articles = append(a.articles, ArticleView{Name: article.Name, Title: article.Title})
		if possible(VerbSolve, w.t) {
			a.links = append(a.links, Link{Verb: VerbSolve, Arg: article.Name})
		}
	}
	for _, t := range w.same(gist) {
		v := w.view(t, RoleCoordinator)
		v.Text, v.Files, v.Solution = "", nil, ""
		a.similar = append(a.similar, v)
		a.links = append([]Link{{Verb: VerbDuplicate, Arg: string(t.Number)}}, a.links...)
	}
	return a
}

// fill puts the advice into a notice to a coordinator.
func (a advice) fill(d *NoticeData) {
	d.Articles, d.Similar, d.Staff, d.Resources = a.articles, a.similar, a.staff, a.resources
	d.Links = slices.Concat(a.links, d.Links)
}
