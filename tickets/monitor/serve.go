package monitor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Handler answers /healthz, /readyz and /metrics.
func (m *Monitor) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", m.health)
	mux.HandleFunc("GET /readyz", m.ready)
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4}))
	return mux
}

// Hangs begins the answer of /healthz that names the loops that hang.
const Hangs = "hangs:"

func (m *Monitor) health(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if stalled := m.Stalled(); len(stalled) > 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintf(w, Hangs+" %s\n", strings.Join(stalled, ", "))
		return
	}
	fmt.Fprintln(w, "ok")
}

func (m *Monitor) ready(w http.ResponseWriter, r *http.Request) {
	checks, ready := m.Ready(r.Context())
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if !ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	body := json.NewEncoder(w)
	body.SetIndent("", "  ")
	_ = body.Encode(struct { // who asked may have gone
		Ready  bool    `json:"ready"`
		Checks []Check `json:"checks"`
	}{ready, checks})
}

// Server serves a handler at an address that may change. It is used by one goroutine.
type Server struct {
	Handler http.Handler
	Log     *slog.Logger

	address string
	server  *http.Server
	ended   chan struct{}
}

const (
	requestTime = 10 * time.Second
	answerTime  = 30 * time.Second
	closeTime   = 2 * time.Second
)

// Listen serves at address, host:port, and no longer where it did before; "" is nowhere. At the same address it goes on.
func (s *Server) Listen(address string) error {
	if address == s.address {
		return nil
	}
	s.Close()
	if address == "" {
		return nil
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("serving metrics: %w", err)
	}
	s.address = address
	s.server = &http.Server{Handler: s.Handler, ReadTimeout: requestTime, WriteTimeout: answerTime, IdleTimeout: time.Minute,
		MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(s.Log.Handler(), slog.LevelWarn)}
	s.ended = make(chan struct{})
	s.Log.Info("metrics are served", "address", listener.Addr().String())
	go func(server *http.Server, ended chan struct{}) {
		defer close(ended)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.Log.Error("metrics are no longer served", "error", err)
		}
	}(s.server, s.ended)
	return nil
}

// Close stops serving. Answers that are being given get a moment.
func (s *Server) Close() {
	if s.server == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	if err := s.server.Shutdown(ctx); err != nil {
		_ = s.server.Close() // its listener is closed already, and the connections are cut
	}
	<-s.ended
	s.address, s.server = "", nil
}
