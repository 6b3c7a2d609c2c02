package tickets

// VerbForm asks for the form of a request.
const VerbForm Verb = "form"

// sendForm carries out #formato: the form is attached to the receipt when it is sent.
func (w *work) sendForm(c Command, _ string) (Item, *Problem) {
	item, problem := w.status(c, "")
	if problem != nil {
		return item, problem
	}
	return Item{Number: item.Number}, nil
}
