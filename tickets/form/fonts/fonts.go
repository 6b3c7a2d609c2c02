// Package fonts is the letters of forms and charts: Liberation Sans, under the SIL Open Font License (LICENSE). It has every Latin
// letter, Greek and Cyrillic, and the widths of Arial, so that what is measured with it fits where only Arial is at hand.
package fonts

import _ "embed" // of the fonts

// The faces, as TrueType.
var (
	//go:embed LiberationSans-Regular.ttf
	Regular []byte
	//go:embed LiberationSans-Bold.ttf
	Bold []byte
)
