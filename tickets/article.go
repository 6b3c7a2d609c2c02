package tickets

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
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

// Suggest returns the articles that fit a text best, the best first. Words that few articles have count more.
func Suggest(articles []Article, text string) []Article {
	type scored struct {
		article Article
		score   float64
	}
	asked := Words(text)
	indexes := make([]map[string]float64, len(articles))
	articlesWith := map[string]int{}
	for i, a := range articles {
		indexes[i] = a.index()
		for word := range indexes[i] {
			articlesWith[word]++
		}
	}
	var fits []scored
	for i, a := range articles {
		score := 0.0
		for _, word := range asked {
			if weight := indexes[i][word]; weight > 0 {
				score += weight * math.Log(1+float64(len(articles))/float64(articlesWith[word]))
			}
		}
		if score >= leastScore {
			fits = append(fits, scored{a, score})
		}
	}
	slices.SortStableFunc(fits, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
	var best []Article
	for _, f := range fits[:min(len(fits), maxArticles)] {
		best = append(best, f.article)
	}
	return best
}

// index returns how much each word of the article counts.
func (a Article) index() map[string]float64 {
	weights := map[string]float64{}
	for text, weight := range map[string]float64{strings.Join(a.Words, " "): weightKeyword, a.Title: weightTitle, a.Text: weightText} {
		for _, word := range Words(text) {
			weights[word] = max(weights[word], weight)
		}
	}
	return weights
}

const maxWordsText = 8 << 10 // bytes

// Words returns the words of a text that say what it is about, each once, in the form in which they are compared: without
// accents, common words and endings, so that "imprimen" and "imprime" are one. Of a long text the beginning is read: what it
// is about stands there.
func Words(text string) []string {
	if len(text) > maxWordsText {
		text = strings.ToValidUTF8(text[:maxWordsText], "")
	}
	var words []string
	for _, word := range strings.FieldsFunc(Fold(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if word = stem(word); len(word) >= 3 && !common(word) && !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return words
}

// stem cuts the commonest endings of Spanish, roughly: what matters is that the same is cut everywhere.
func stem(word string) string {
	for _, end := range []string{"ciones", "cion", "mente", "ando", "iendo", "amos", "emos", "ados", "adas", "idos", "idas", "ado", "ada", "ido", "ida",
		"aron", "ieron", "es", "as", "os", "an", "en", "ar", "er", "ir", "a", "e", "o", "s"} {
		if cut, ok := strings.CutSuffix(word, end); ok && len(cut) >= 4 {
			return cut
		}
	}
	return word
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
	for _, a := range w.in.Policy.Articles {
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

// suggest fills in what helps the coordinator with a new request.
func (w *work) suggest(d *NoticeData) {
	w.machines(d)
	var links []Link
	for _, a := range Suggest(w.in.Policy.Articles, w.t.Subject+"\n"+w.t.Text) {
		d.Articles = append(d.Articles, ArticleView{Name: a.Name, Title: a.Title})
		if possible(VerbSolve, w.t) {
			links = append(links, Link{Verb: VerbSolve, Arg: a.Name})
		}
	}
	d.Links = append(links, d.Links...)
	w.pointOut(d)
}
