package form

import (
	"bytes"
	"fmt"
	"image"
	_ "image/jpeg" // logos are PNG or JPEG
	"image/png"
)

// maxLogoPixels keeps a small file from becoming a huge picture.
const maxLogoPixels = 4_000_000

// CheckLogo says what is wrong with a logo, so that it can be said when the settings are read.
func CheckLogo(logo []byte) error {
	_, err := readLogo(logo)
	return err
}

type logoImage struct {
	format string // as fpdf names it
	data   []byte
	aspect float64 // width by height
}

// readLogo decodes the logo. A PNG is written anew, for fpdf knows neither interlaced ones nor some depths.
func readLogo(logo []byte) (logoImage, error) {
	header, format, err := image.DecodeConfig(bytes.NewReader(logo))
	if err != nil {
		return logoImage{}, fmt.Errorf("logo: it is neither PNG nor JPEG: %w", err)
	}
	if header.Width <= 0 || header.Height <= 0 || header.Width*header.Height > maxLogoPixels {
		return logoImage{}, fmt.Errorf("logo: %d × %d pixels; at most %d in all", header.Width, header.Height, maxLogoPixels)
	}
	picture, _, err := image.Decode(bytes.NewReader(logo))
	if err != nil {
		return logoImage{}, fmt.Errorf("logo: the file is damaged: %w", err)
	}
	l := logoImage{format: format, data: logo, aspect: float64(header.Width) / float64(header.Height)}
	if format == "png" {
		plain := image.NewNRGBA(picture.Bounds())
		for y := plain.Rect.Min.Y; y < plain.Rect.Max.Y; y++ {
			for x := plain.Rect.Min.X; x < plain.Rect.Max.X; x++ {
				plain.Set(x, y, picture.At(x, y))
			}
		}
		var b bytes.Buffer
		if err := png.Encode(&b, plain); err != nil {
			return logoImage{}, fmt.Errorf("logo: writing it as PNG: %w", err)
		}
		l.data = b.Bytes()
	}
	return l, nil
}
