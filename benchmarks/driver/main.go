// The foreign client that drives every broker alike: franz-go, one load a process, its result as one line of JSON.
//
//	driver VERB -brokers HOST:PORT [flags]
//
// `kfake` is the other way round: it is a broker, franz-go's own fake one, until it is killed.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
)

type settings struct {
	brokers   []string
	topic     string
	count     int
	size      int
	producers int
	groups    int
	rate      int
	seconds   float64
	port      int
	pid       int
	data      string
	sync      bool
	rest      []string
}

type result map[string]any

var verbs = map[string]func(settings) (result, error){
	"create":      create,
	"start":       start,
	"produce":     produce,
	"consume":     consume,
	"latency":     latency,
	"commits":     commits,
	"connections": connections,
	"groups":      groups,
	"rebalance":   rebalance,
	"metadata":    metadata,
	"kfake":       serve,
}

func main() {
	if len(os.Args) < 2 || verbs[os.Args[1]] == nil {
		fail(fmt.Errorf("driver VERB [flags]"))
	}
	var s settings
	var brokers string
	flags := flag.NewFlagSet(os.Args[1], flag.ExitOnError)
	flags.StringVar(&brokers, "brokers", "", "")
	flags.StringVar(&s.topic, "topic", "bench", "")
	flags.IntVar(&s.count, "count", 1000, "records, partitions, connections, groups or members")
	flags.IntVar(&s.size, "size", 1024, "bytes of a value")
	flags.IntVar(&s.producers, "producers", 1, "")
	flags.IntVar(&s.groups, "groups", 1, "groups that commit, each on its own connection")
	flags.IntVar(&s.rate, "rate", 2000, "records a second")
	flags.Float64Var(&s.seconds, "seconds", 2, "")
	flags.IntVar(&s.port, "port", 0, "kfake: where it listens")
	flags.IntVar(&s.pid, "pid", 0, "connections: the process of the broker, whose memory is measured")
	flags.StringVar(&s.data, "data", "", "kfake: a folder; empty: memory")
	flags.BoolVar(&s.sync, "sync", false, "kfake: sync writes")
	flags.Parse(os.Args[2:])
	s.brokers = strings.Split(brokers, ",")
	s.rest = flags.Args()
	r, err := verbs[os.Args[1]](s)
	if err != nil {
		fail(err)
	}
	json.NewEncoder(os.Stdout).Encode(r)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func client(s settings, more ...kgo.Opt) (*kgo.Client, error) {
	return kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(s.brokers...)}, more...)...)
}
