package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Runs the broker that the rest of the command line names: the time from then to the first acknowledged record, the memory at that moment.
// A client that is pushed back waits for longer than a good broker takes to start: so it only comes once the port is open.
func start(s settings) (result, error) {
	command := exec.Command(s.rest[0], s.rest[1:]...)
	command.Stderr = nil
	began := time.Now()
	if err := command.Start(); err != nil {
		return nil, err
	}
	defer func() {
		command.Process.Signal(syscall.SIGKILL)
		command.Wait()
	}()
	deadline := began.Add(60 * time.Second)
	for {
		connection, err := net.DialTimeout("tcp", s.brokers[0], time.Second)
		if err == nil {
			connection.Close()
			break
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("no broker at %s after a minute", s.brokers[0])
		}
		time.Sleep(500 * time.Microsecond)
	}
	open := time.Since(began)
	cl, err := client(s, kgo.DefaultProduceTopic(s.topic), kgo.AllowAutoTopicCreation(), kgo.ProducerLinger(0), kgo.UnknownTopicRetries(-1),
		kgo.RetryBackoffFn(func(int) time.Duration { return 5 * time.Millisecond }), kgo.MetadataMinAge(10*time.Millisecond))
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	if err := cl.ProduceSync(context.Background(), &kgo.Record{Value: []byte("first")}).FirstErr(); err != nil {
		return nil, err
	}
	first := time.Since(began)
	held, err := resident(command.Process.Pid)
	return result{"openMs": ms(open), "firstMs": ms(first), "residentMB": held}, err
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func resident(pid int) (float64, error) {
	file, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "VmRSS:") {
			var kB float64
			fmt.Sscanf(lines.Text(), "VmRSS: %f kB", &kB)
			return kB / 1024, nil
		}
	}
	return 0, fmt.Errorf("process %d has no VmRSS", pid)
}
