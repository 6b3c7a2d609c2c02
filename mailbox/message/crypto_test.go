package message

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"math/big"
	"testing"
	"time"

	"github.com/smallstep/pkcs7"
)

// An opaque signed mail (RFC 8551 section 3.5.2) is read through.
func TestSignedMailIsReadThrough(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Ana"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	data, err := pkcs7.NewSignedData([]byte("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nFirmado.\r\n--b\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\n%PDF\r\n--b--\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := data.AddSigner(cert, key, pkcs7.SignerInfoConfig{}); err != nil {
		t.Fatal(err)
	}
	signed, err := data.Finish()
	if err != nil {
		t.Fatal(err)
	}
	kind := "application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\nContent-Transfer-Encoding: base64"
	m := Read(mailOf(kind, base64.StdEncoding.EncodeToString(signed)), Options{})
	checkRead(t, "signed", m)
	if m.Signed != "S/MIME" || m.Encrypted != "" || m.NewText != "Firmado." || len(m.Attachments) != 1 || m.Attachments[0].Name != "a.pdf" {
		t.Errorf("signed %q, encrypted %q, text %q, files %+v", m.Signed, m.Encrypted, m.NewText, m.Attachments)
	}
}

func TestEncryptedMailIsNamed(t *testing.T) {
	for _, kind := range []string{"application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", "application/x-pkcs7-mime; name=smime.p7m"} {
		m := Read(mailOf(kind+"\r\nContent-Transfer-Encoding: base64", "MIIB"), Options{})
		checkRead(t, kind, m)
		if m.Encrypted != "S/MIME" || m.Signed != "" || len(m.Attachments) != 1 {
			t.Errorf("%s: signed %q, encrypted %q, %d files", kind, m.Signed, m.Encrypted, len(m.Attachments))
		}
	}
	m := Read(mailOf("text/plain", "-----BEGIN PGP MESSAGE-----\n\nhQ==\n-----END PGP MESSAGE-----\n"), Options{})
	if m.Encrypted != "PGP" {
		t.Errorf("inline PGP: encrypted %q", m.Encrypted)
	}
}

// Signed parts in signed parts are opened a few times and no more: each costs a copy of what is inside.
func TestSignedPartsAreNotOpenedForEver(t *testing.T) {
	raw := []byte("Content-Type: text/plain\r\n\r\nNada.")
	for range maxOpened + 2 {
		data, err := pkcs7.NewSignedData(raw)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := data.Finish()
		if err != nil {
			t.Fatal(err)
		}
		raw = append([]byte("Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\n\r\n"), signed...)
	}
	m := Read(raw, Options{})
	checkRead(t, "nested", m)
	if m.Text != "" || len(m.Attachments) != 1 || len(m.Defects) == 0 {
		t.Errorf("text %q, files %+v, defects %q", m.Text, m.Attachments, m.Defects)
	}
}
