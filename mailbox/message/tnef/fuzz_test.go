package tnef

import "testing"

func FuzzParse(f *testing.F) {
	f.Add([]byte("\x78\x9f\x3e\x22\x00\x00"))
	f.Add(sampleStream())
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Parse(b)
		if err == nil && s.Charset == "" {
			t.Error("no charset and no error")
		}
		size := 0
		for _, file := range s.Files {
			size += len(file.Content)
		}
		if len(s.Files) > maxFiles {
			t.Errorf("%d files out of %d bytes", len(s.Files), len(b))
		}
	})
}
