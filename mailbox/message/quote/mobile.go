package quote

import "strings"

// mobile: "Sent from my iPhone".
func (s *splitter) mobile(start, end int) (int, Kind, string) {
	n := end - 1
	if n > start && isMobile(s.lines[n].text) {
		return n, Signature, "what a mail program adds: " + shorten(s.lines[n].text, 60)
	}
	return -1, "", ""
}

// isMobile knows the lines with which mail programs advertise themselves.
func isMobile(text string) bool {
	if len(text) > 160 {
		return false
	}
	low := strings.Trim(fold(text), "-_*<>()[]. \u00a0!")
	advert := len(strings.Fields(low)) <= 12 && !strings.Contains(low, ", ") && !strings.HasSuffix(low, "?")
	for _, prefix := range mobileHeads[head(low)] {
		if advert && strings.HasPrefix(low, prefix) {
			return true
		}
	}
	for _, part := range mobileParts {
		if strings.Contains(low, part) {
			return true
		}
	}
	return false
}

// mobileHeads finds the openings by their heads.
var mobileHeads = mobileTable()

func mobileTable() map[uint32][]string {
	table := map[uint32][]string{}
	for _, p := range mobilePrefixes {
		table[head(p)] = append(table[head(p)], p)
	}
	return table
}

var mobilePrefixes = []string{
	"sent from my ", "sent from mail", "sent from yahoo", "sent from outlook", "sent from windows", "sent from samsung", "sent from a phone", "sent from mobile", "sent from proton", "sent from nine", "sent from spark", "sent from the ", "sent from aol", "sent from gmail",
	"sent from commbank", "sent from galaxy", "sent from android", "sent from iphone", "sent from ipad", "sent from blackberry", "sent from my", "sent with ", "sent via ", "sent on the go", "sent by galaxy", "sent by ", "sent using ", "sent through", "from my iphone", "from my ipad", "from my android", "from my mobile", "get outlook for", "get [outlook for", "download outlook",
	"enviado desde mi ", "enviado desde yahoo", "enviado desde outlook", "enviado desde correo", "enviado desde el ", "enviado desde un ", "enviado desde samsung", "enviado desde dispositivo", "enviado desde iphone", "enviado desde android", "enviado desde mail", "enviado desde gmail", "enviado con ", "enviado de samsung", "enviado mediante ", "enviado a través de ",
	"enviado desde tutanota", "enviado desde proton", "enviado desde huawei", "obtener outlook para", "obtén outlook para", "obtenga outlook para", "descargar outlook", "mensaje enviado desde mi", "enviado do meu", "enviado a partir do", "enviado pelo", "enviado do ", "enviado via ", "obter o outlook para", "obtenha o outlook para", "baixe o outlook",
	"envoyé de mon", "envoyé depuis mon", "envoyé depuis ", "envoyé à partir de", "envoyé de ", "envoyé avec ", "télécharger outlook pour", "obtenir outlook pour", "envoye de mon", "provenance : courrier", "von meinem", "gesendet von", "gesendet mit", "von meinen", "diese nachricht wurde von meinem", "diese nachricht wurde mit", "outlook für ", "holen sie sich outlook", "versendet von",
	"inviato da ", "inviato dal ", "inviato con ", "inviato tramite ", "scarica outlook per", "ottieni outlook per", "verzonden vanaf", "verzonden met", "verstuurd vanaf", "verstuurd met", "outlook voor ", "download outlook voor", "skickat från min", "skickat från", "skickad från", "sendt fra min", "sendt fra", "hämta outlook", "hent outlook", "få outlook",
	"lähetetty ", "hanki outlook", "wysłane z ", "wysłano z ", "pobierz outlook", "odesláno z ", "odoslané z ", "získejte outlook", "poslano s ", "küldve ", "trimis de pe", "trimis din", "отправлено с ", "отправлено из ", "надіслано з ", "iphone'umdan gönderildi", "gönderen ", "iphone'umdan", "στάλθηκε από", "從我的", "发自我的", "來自我的", "从我的", "iphoneから送信", "나의 ", "iphone에서",
	"enviat des del meu", "nire ", "sent from", "typed on my", "escrito desde mi", "tapped on", "scanned by", "dictated",
}

var mobileParts = []string{
	"iphone から送信", "から送信", "傳送自", "发送自", "gesendet von meinem", " gesendet", "mobiltelefon mit k-9", "von meinem iphone", "telefonumdan gönderildi", "excuse typo", "please excuse any typos", "disculpe la brevedad", "disculpe los errores de", "yahoo mail en android", "yahoo mail on android",
}
