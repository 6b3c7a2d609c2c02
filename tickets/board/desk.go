package board

import (
	"errors"
	"net/http"
	"slices"

	"radicado/tickets"
	"radicado/tickets/register"
)

const (
	assetRows     = 50
	assetRequests = 100
)

// assetsBody is a page of the equipment register.
type assetsBody struct {
	Rows  []tickets.AssetView
	Words string
	Next  string // plate after which the next page begins
}

// showAssets lists the machines.
func (p *page) showAssets() error {
	q := p.request.URL.Query()
	body := assetsBody{Words: clip(q.Get(keyWords), maxWords)}
	var found []tickets.Asset
	err := p.view(func(r *register.Reader) (err error) {
		if body.Words != "" {
			found, err = r.AssetsByKeys([]string{tickets.AssetKey(body.Words)})
			return err
		}
		found, err = r.Assets(clip(q.Get(keyFrom), maxWords), assetRows+1)
		return err
	})
	if err != nil {
		return err
	}
	if len(found) == 1 && body.Words != "" {
		http.Redirect(p.writer, p.request, "/equipos/"+tickets.AssetKey(found[0].Plate), http.StatusSeeOther)
		return nil
	}
	if len(found) > assetRows {
		found = found[:assetRows]
		body.Next = tickets.AssetKey(found[assetRows-1].Plate)
	}
	for _, a := range found {
		body.Rows = append(body.Rows, p.desk.Policy.Machine(a, p.now))
	}
	return p.renderLive("assets", http.StatusOK, p.say("assets"), "", body)
}

// assetBody is a machine with its requests.
type assetBody struct {
	Asset tickets.AssetView
	Rows  []shownRow
}

// showAsset shows a machine.
func (p *page) showAsset() error {
	var body assetBody
	err := p.view(func(r *register.Reader) error {
		a, err := r.Asset(p.request.PathValue("plate"))
		if err != nil {
			return err
		}
		body.Asset = p.desk.Policy.Machine(a, p.now)
		key := tickets.AssetKey(a.Plate)
		found, err := r.Search(a.Plate, "", assetRequests)
		for _, t := range found {
			if slices.ContainsFunc(t.Assets, func(own tickets.Asset) bool { return tickets.AssetKey(own.Plate) == key }) {
				shown, err := p.shown(r, t)
				if err != nil {
					return err
				}
				body.Rows = append(body.Rows, shown)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	return p.renderLive("asset", http.StatusOK, p.say("machine")+" "+body.Asset.Plate, "", body)
}

// resourcesBody is the technical resources, with who has them.
type resourcesBody struct {
	Stock []tickets.ResourceView
	Out   []outBody
}

// outBody is units that are out for a request.
type outBody struct {
	tickets.Held
	Number    tickets.Number
	Requester string
}

// showResources shows what there is of the technical resources.
func (p *page) showResources() error {
	var body resourcesBody
	err := p.view(func(r *register.Reader) error {
		situation, err := r.Situation(p.now)
		if err != nil {
			return err
		}
		body.Stock = p.desk.Policy.Stock(situation, p.now)
		holders, err := r.Holders()
		for _, t := range holders {
			for _, h := range t.Resources {
				body.Out = append(body.Out, outBody{h, t.Number, t.Requester.String()})
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	return p.renderLive("resources", http.StatusOK, p.say("resources"), "/vivo", body)
}

// technicianBody is a technician with what he or she has to do.
type technicianBody struct {
	tickets.StaffView
	Skills []string
	List   string
	Late   int
	States []stateCount
}

type stateCount struct {
	State tickets.State
	Count int
}

// showTechnicians shows who has how much to do.
func (p *page) showTechnicians() error {
	var situation tickets.Situation
	err := p.view(func(r *register.Reader) (err error) {
		if situation, err = r.Situation(p.now); err != nil {
			return err
		}
		return p.board.standing.refresh(r, p.desk, p.now)
	})
	if err != nil {
		return err
	}
	var body []technicianBody
	for _, s := range p.desk.Policy.Technicians(situation, p.now) {
		i := slices.IndexFunc(p.desk.Policy.People, func(one tickets.Person) bool { return one.Name == s.Name && one.Role == tickets.RoleTechnician })
		if i < 0 {
			return errors.New("board: a technician whom the settings do not name")
		}
		person := p.desk.Policy.People[i]
		f := filter{Technician: person.Address().Key()}
		one := technicianBody{StaffView: s, Skills: person.Skills, List: f.path("/")}
		counts := map[tickets.State]int{}
		for _, r := range p.board.standing.choose(f, nil, p.now) {
			counts[r.State]++
			if r.late(p.now) {
				one.Late++
			}
		}
		for _, state := range tickets.States() {
			if counts[state] > 0 {
				one.States = append(one.States, stateCount{state, counts[state]})
			}
		}
		body = append(body, one)
	}
	return p.renderLive("technicians", http.StatusOK, p.say("technicians"), "/vivo", body)
}
