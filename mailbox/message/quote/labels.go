package quote

// role is what a line of a quoted header says.
type role int

const (
	noRole role = iota
	roleFrom
	roleTo
	roleCopy
	roleDate
	roleSubject
	roleOther // Reply-To, attachments, importance: part of a header, but no evidence of one
)

// labelWords are the words with which mail clients label the lines of a quoted header, by language: lower case, without
// the colon. Outlook, Apple Mail, Thunderbird, Yahoo, Zimbra, Notes and the telephones differ within one language.
var labelWords = map[role][]string{
	roleFrom: {
		"from", "sender",
		"de", "desde", "remitente", "enviado por", "de parte de",
		"de la", "expeditor", "expeditorul",
		"expéditeur", "exp", "émetteur",
		"von", "absender",
		"da", "mittente",
		"van", "afzender",
		"från", "avsändare", "fra", "afsender", "avsender", "frá",
		"lähettäjä", "saatja", "kellelt", "nuo", "no",
		"od", "odesílatel", "odosielateľ", "nadawca", "šalje", "pošiljatelj", "pošiljalec",
		"feladó", "от", "от кого", "отправитель", "від", "від кого", "відправник", "подател",
		"kimden", "gönderen", "από", "αποστολέας",
		"发件人", "寄件者", "寄件人", "发自", "差出人", "送信者", "보낸 사람", "보낸사람", "발신",
		"từ", "người gửi", "dari", "จาก", "من", "מאת", "nork",
	},
	roleTo: {
		"to", "para", "a", "destinatario", "destinatarios", "destinatário",
		"à", "pour", "destinataire", "destinataires", "an", "empfänger", "aan", "ontvanger",
		"till", "til", "mottagare", "modtager", "vastaanottaja", "saaja", "kellele", "kam", "iki", "kepada", "per a", "nori",
		"do", "komu", "adresát", "pre", "za", "prima", "primatelj", "címzett", "către", "catre", "destinatarul", "la",
		"кому", "получатель", "получатели", "до", "отримувач", "за", "kime", "alıcı", "kime gönderildi", "προς",
		"收件人", "收件者", "宛先", "받는 사람", "받는사람", "수신", "đến", "tới", "ถึง", "إلى", "אל",
	},
	roleCopy: {
		"cc", "c.c", "c/c", "bcc", "cco", "cci", "ccn", "copia", "copia oculta", "con copia", "copie", "copie à", "cópia",
		"kopie", "kopia", "kopi", "kopio", "kópia", "kopija", "másolat", "másolatot kap", "copie la", "dw", "udw", "do wiadomości",
		"копия", "скрытая копия", "копія", "копие", "bilgi", "gizli", "κοιν", "κοινοποίηση", "抄送", "副本", "참조", "đồng kính gửi",
		"kopie (cc)", "tembusan", "còpia",
	},
	roleDate: {
		"date", "sent", "sent on", "date sent", "received", "sent at", "date/time",
		"fecha", "enviado", "enviados", "enviado el", "fecha de envío", "fecha y hora", "enviada el", "recibido",
		"data", "enviada", "enviada em", "enviado em", "enviadas", "data de envio",
		"envoyé", "envoyé le", "envoyé par", "date d'envoi", "message du", "le",
		"datum", "gesendet", "gesendet am", "datum/uhrzeit", "inviato", "inviato il", "data invio", "verzonden", "verzonden op",
		"skickat", "skickat den", "dato", "sendt", "sent den", "dags", "päivämäärä", "päiväys", "lähetetty", "pvm", "kuupäev", "saadetud",
		"datums", "nosūtīts", "išsiųsta", "wysłano", "wysłane", "data wysłania", "odesláno", "odoslané", "odoslaná", "dátum", "poslano", "poslané",
		"küldve", "elküldve", "küldés ideje", "dată", "trimis", "trimisă", "дата", "отправлено", "отправлен", "надіслано", "відправлено", "изпратено",
		"tarih", "gönderildi", "gönderilen", "gönderme tarihi", "gönderim zamanı", "ημερομηνία", "στάλθηκε", "εστάλη",
		"发送时间", "发送日期", "日期", "寄件日期", "時間", "时间", "傳送時間", "日付", "送信日時", "日時", "날짜", "보낸 날짜", "보낸날짜",
		"ngày", "đã gửi", "tanggal", "dikirim", "วันที่", "ส่ง", "التاريخ", "تاريخ الإرسال", "תאריך", "נשלח", "data de enviament", "enviat",
	},
	roleSubject: {
		"subject", "subj", "re", "asunto", "assunto", "objet", "sujet", "betreff", "betr", "oggetto", "onderwerp", "betreft",
		"ämne", "emne", "efni", "aihe", "teema", "temats", "tema", "temat", "předmět", "predmet", "naslov", "zadeva", "tárgy",
		"subiect", "subiectul", "тема", "относно", "konu", "θέμα", "主题", "主旨", "標題", "件名", "제목", "chủ đề", "tiêu đề",
		"subjek", "perihal", "เรื่อง", "الموضوع", "נושא", "assumpte", "gaia",
	},
	roleOther: {
		"reply-to", "reply to", "responder a", "responder para", "répondre à", "antwort an", "rispondi a", "antwoord aan", "svar till",
		"svar til", "odpowiedź do", "odpovědět", "ответить", "yanıtla", "risposta",
		"attachments", "attachment", "datos adjuntos", "adjuntos", "anexos", "pièces jointes", "pièce jointe", "anlagen", "anhang", "allegati",
		"bijlagen", "bifogade filer", "vedlegg", "liitteet", "załączniki", "přílohy", "вложения", "importance", "importancia", "importância",
		"priorität", "wichtigkeit", "priority", "prioridad", "priorité", "mailed-by", "signed-by", "organization", "organización",
		"organisation", "x-mailer", "message-id", "mime-version", "content-type", "list-id", "security", "newsgroups", "sensitivity",
	},
}

// labels maps a label to its role.
var labels = labelTable()

func labelTable() map[string]role {
	table := map[string]role{}
	for r, words := range labelWords {
		for _, w := range words {
			table[w] = r
		}
	}
	return table
}

// originalWords announce a quoted mail, between dashes: "-----Original Message-----".
var originalWords = []string{
	"original message", "original appointment", "original email", "original mail", "reply message", "reply to message", "message original",
	"mensaje original", "mensaje anterior", "mensaje de correo original", "cita original", "correo original", "mensaje citado",
	"mensagem original", "message d'origine", "message original", "message initial", "message précédent",
	"ursprüngliche nachricht", "originalnachricht", "originalmail", "originaltermin", "ursprünglicher termin", "messaggio originale", "messaggio di origine",
	"oorspronkelijk bericht", "origineel bericht", "oprindelig meddelelse", "original meddelelse", "oprindelig besked", "opprinnelig melding",
	"ursprungligt meddelande", "originalmeddelande", "alkuperäinen viesti", "wiadomość oryginalna", "oryginalna wiadomość", "původní zpráva",
	"původní e-mail", "pôvodná správa", "izvorna poruka", "originalna poruka", "izvorno sporočilo", "eredeti üzenet", "mesaj original",
	"mesajul original", "исходное сообщение", "исходное письмо", "оригинальное сообщение", "оригінальне повідомлення", "оригинално съобщение",
	"orijinal mesaj", "özgün ileti", "orjinal mesaj", "αρχικό μήνυμα", "原始邮件", "原邮件", "原始郵件", "邮件原件", "元のメッセージ", "original-nachricht",
	"원본 메일", "원본 메시지", "thư gốc", "pesan asli", "missatge original", "quoted message", "previous message", "sākotnējais ziņojums", "originalas laiškas",
	"previous replies", "respuestas anteriores", "mensajes anteriores", "vorherige antworten", "réponses précédentes", "risposte precedenti", "respostas anteriores", "eerdere antwoorden", "предыдущие ответы", "algne sõnum", "الرسالة الأصلية", "ההודעה המקורית", "jatorrizko mezua",
}

// forwardWords announce a forwarded mail: "---------- Forwarded message ---------", "Begin forwarded message:".
var forwardWords = []string{
	"forwarded message", "forwarded mail", "forwarded email", "forward message", "begin forwarded message", "original message forwarded", "forwarded by",
	"start of forwarded message", "fwd.msg", "forwarded letter", "message transmitted",
	"mensaje reenviado", "inicio del mensaje reenviado", "mensaje remitido", "correo reenviado", "empieza mensaje reenviado", "principio del mensaje reenviado",
	"comienzo del mensaje reenviado", "inicio del correo reenviado", "mensaje reenviado por",
	"mensagem encaminhada", "mensagem reencaminhada", "início da mensagem encaminhada", "início da mensagem reencaminhada", "mensagem redirecionada",
	"message transféré", "début du message transféré", "début du message réexpédié", "message réexpédié", "courriel transféré", "début du courriel transféré", "e-mail transféré", "message suivi",
	"weitergeleitete nachricht", "anfang der weitergeleiteten nachricht", "anfang der weitergeleiteten e-mail", "weitergeleitete e-mail", "beginn der weitergeleiteten nachricht", "weitergeleitete mail",
	"messaggio inoltrato", "inizio messaggio inoltrato", "messaggio rinviato", "inizio del messaggio inoltrato", "e-mail inoltrata",
	"doorgestuurd bericht", "begin doorgestuurd bericht", "doorgezonden bericht", "begin van doorgestuurd bericht", "doorgestuurde e-mail",
	"vidarebefordrat meddelande", "vidarebefordrat mejl", "vidarebefordrat brev", "vidarebefordrat e-postmeddelande", "påbörjar vidarebefordrat meddelande", "början av vidarebefordrat meddelande", "början på vidarebefordrat meddelande",
	"videresendt meddelelse", "videresendt besked", "starten på den videresendte besked", "start på videresendt besked", "begynnelsen på videresendt melding", "videresendt melding", "start på videresendt melding", "begynnelse på videresendt melding", "videresendt e-post", "start på videresendt meddelelse",
	"välitetty viesti", "välitetty viesti alkaa", "edelleenlähetetty viesti", "edelleen lähetetty viesti", "lähetetty edelleen",
	"wiadomość przekazana dalej", "wiadomość przesłana dalej", "przekazana wiadomość", "początek przekazywanej wiadomości", "treść przekazanej wiadomości", "początek przesłanej dalej wiadomości", "wiadomość przekazana", "przesłana wiadomość", "przekazywana wiadomość",
	"přeposlaná zpráva", "začátek přeposílané zprávy", "přeposlaný e-mail", "začátek přeposlané zprávy", "předaná zpráva",
	"preposlaná správa", "začiatok preposlanej správy", "preposielaná správa", "preposlaný e-mail",
	"proslijeđena poruka", "početak proslijeđene poruke", "prosleđena poruka", "prosljeđena poruka", "posredovano sporočilo", "začetek posredovanega sporočila", "prosleđena poruka",
	"továbbított üzenet", "továbbított levél kezdete", "továbbított levél", "a továbbított üzenet kezdete",
	"mesaj redirecționat", "mesaj redirectionat", "începe mesajul redirecționat", "mesaj transmis", "mesaj înaintat", "început mesaj redirecționat", "începutul mesajului redirecționat",
	"переадресованное сообщение", "пересылаемое сообщение", "пересланное сообщение", "начало переадресованного сообщения", "начало пересылаемого сообщения", "переадресованное письмо", "перенаправленное сообщение", "пересылаемое письмо",
	"переслане повідомлення", "перенаправлене повідомлення", "початок листа, що пересилається", "переадресоване повідомлення", "препратено съобщение", "начало на препратеното съобщение",
	"iletilmiş mesaj", "iletilen ileti", "iletilen mesaj", "ileti başlangıcı", "yönlendirilmiş ileti", "iletilmiş ileti", "başlangıç iletilen ileti", "yönlendirilen mesaj", "iletilen e-posta",
	"προωθημένο μήνυμα", "αρχή προωθημένου μηνύματος", "έναρξη προωθημένου μηνύματος", "转发邮件信息", "转发的邮件", "转发邮件", "轉寄郵件", "轉寄的郵件", "被转发邮件信息", "已转发邮件", "以下是转发的邮件", "转发的消息", "轉寄郵件內容", "開始轉寄郵件",
	"転送メッセージ", "転送されたメッセージ", "転送元メッセージ", "전달된 메시지", "전달된 메일", "전달 메시지", "thư đã chuyển tiếp", "chuyển tiếp thư", "tin nhắn được chuyển tiếp", "thư được chuyển tiếp",
	"pesan terusan", "pesan yang diteruskan", "missatge reenviat", "inici del missatge reenviat", "birbidalitako mezua", "mensaxe reenviada", "edastatud kiri", "edasi saadetud kiri", "edastatud sõnum",
	"pārsūtītā ziņa", "pārsūtīts ziņojums", "persiųstas laiškas", "persiųsta žinutė", "الرسالة المعاد توجيهها", "رسالة معاد توجيهها", "הודעה שהועברה", "framsent skeyti",
	"ข้อความที่ส่งต่อ",
}

// verbWords stand between the writer and the colon of an attribution: "X wrote:".
var verbWords = []string{
	"wrote", "writes", " sent", " said", "posted", "a écrit", "a ecrit", "ha scritto", "escribió", "escribio", "escribiu", "va escriure", "missatge de", "escreveu",
	"schrieb", "schreef", "geschreven", "skrev", "skreiv", "skrifaði", "kirjoitti", "kirjutas", "napisał", "napisao", "napisala", "napsal", "napísal", "pisal", "pisao",
	"написал", "пишет", "писал", "написав", "пише", "написа", "írta", "a scris", "yazdı", "έγραψε", "写道", "寫道", "撰寫", "wrote", "書きました", "のメール", "작성", "썼습니다",
	"đã viết", "viết:", "menulis", "rašė", "parašė", "rakstīja", "idatzi du", "كتب", "כתב", "เขียนว่า", "geantwortet", "envió", "enviou",
}

// openerWords begin an attribution: the preposition before the date, or a day of the week.
var openerWords = []string{
	"on ", "el ", "le ", "am ", "em ", "no dia", "il ", "il giorno", "op ", "den ", "d. ", "dne ", "dňa ", "dnia ", "w dniu", "vào ", "在 ", "在", "la ", "pe ", "pada ", "în ",
	"στις ", "dana ", "u ", "kl. ", "a les ", "dia ", "el dia", "missatge de", "som ", "ma ", "ti ", "ke ", "to ", "su ", "mon", "tue", "wed", "thu", "fri", "sat", "sun",
	"lun", "mar", "mié", "mie", "jue", "vie", "sáb", "sab", "dom", "pon", "wto", "śro", "czw", "pią", "sob", "nie", "пн", "вт", "ср", "чт", "пт", "сб", "вс",
	"понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье", "from ", "op ", "at ", "al ", "--- on", "-- on", "fecha",
}
