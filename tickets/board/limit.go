package board

import (
	"sync"
	"time"
)

// limiter lets a key pass so many times within a window.
type limiter struct {
	limit  int
	window time.Duration

	mu     sync.Mutex
	passed map[string][]time.Time
}

// maxKeys bounds what a limiter remembers.
const maxKeys = 10_000

func newLimiter(limit int, window time.Duration) *limiter {
	return &limiter{limit: limit, window: window, passed: map[string][]time.Time{}}
}

// allow reports whether the key may pass now, and counts it if so.
func (l *limiter) allow(key string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	recent := l.recent(l.passed[key], now)
	if len(recent) >= l.limit {
		l.passed[key] = recent
		return false
	}
	if len(l.passed) >= maxKeys {
		l.forget(now)
	}
	l.passed[key] = append(recent, now)
	return true
}

func (l *limiter) recent(times []time.Time, now time.Time) []time.Time {
	for len(times) > 0 && now.Sub(times[0]) >= l.window {
		times = times[1:]
	}
	return times
}

// forget drops what is over, and where that is not enough, everything: a flood of clients must not claim all memory.
func (l *limiter) forget(now time.Time) {
	for key, times := range l.passed {
		if len(l.recent(times, now)) == 0 {
			delete(l.passed, key)
		}
	}
	if len(l.passed) >= maxKeys {
		clear(l.passed)
	}
}
