package main

import (
	"context"
	"fmt"
	"sort"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// A metadata request for one topic, ten times: the median. `bench` was created before.
func metadata(s settings) (result, error) {
	cl, err := client(s)
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	var times []float64
	for range 10 {
		request := kmsg.NewPtrMetadataRequest()
		topic := kmsg.NewMetadataRequestTopic()
		topic.Topic = &s.topic
		request.Topics = append(request.Topics, topic)
		began := time.Now()
		if _, err := request.RequestWith(context.Background(), cl); err != nil {
			return nil, err
		}
		times = append(times, ms(time.Since(began)))
	}
	sort.Float64s(times)
	return result{"ms": times[5]}, nil
}

// So many connections open at once, each with one request answered; they close when all are there.
func connections(s settings) (result, error) {
	began := time.Now()
	var clients []*kgo.Client
	defer func() {
		for _, cl := range clients {
			cl.Close()
		}
	}()
	for range s.count {
		cl, err := client(s)
		if err != nil {
			return nil, err
		}
		if err := cl.Ping(context.Background()); err != nil {
			return nil, err
		}
		clients = append(clients, cl)
	}
	took := time.Since(began).Seconds()
	held, err := resident(s.pid)
	return result{"seconds": took, "usEach": took / float64(s.count) * 1e6, "residentMB": held}, err
}

// So many groups, a commit of one partition each, on one connection.
func groups(s settings) (result, error) {
	cl, err := client(s)
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	id, err := topicID(cl, s.topic)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	for i := range s.count {
		request := commitOf(s.topic, id, 0)
		request.Group = fmt.Sprintf("grown-%d", i)
		request.Topics[0].Partitions = request.Topics[0].Partitions[:1]
		if err := commit(cl, request); err != nil {
			return nil, err
		}
	}
	took := time.Since(began).Seconds()
	return result{"seconds": took, "usEach": took / float64(s.count) * 1e6}, nil
}

// So many members join a group at once: from the first start until each has an assignment in which the partitions are shared out.
func rebalance(s settings) (result, error) {
	began := time.Now()
	var lock sync.Mutex
	owned := map[int]int{}
	all := make(chan struct{})
	var once sync.Once
	var clients []*kgo.Client
	for member := range s.count {
		count := func(sign int) func(context.Context, *kgo.Client, map[string][]int32) {
			return func(_ context.Context, _ *kgo.Client, changed map[string][]int32) {
				lock.Lock()
				defer lock.Unlock()
				owned[member] += sign * len(changed[s.topic])
				have, sum := 0, 0
				for _, n := range owned {
					sum += n
					if n > 0 {
						have++
					}
				}
				if have == s.count && sum == s.count {
					once.Do(func() { close(all) })
				}
			}
		}
		cl, err := client(s, kgo.ConsumerGroup(fmt.Sprintf("rebalance-%d", s.count)), kgo.ConsumeTopics(s.topic),
			kgo.OnPartitionsAssigned(count(1)), kgo.OnPartitionsRevoked(count(-1)), kgo.OnPartitionsLost(count(-1)),
			kgo.HeartbeatInterval(100*time.Millisecond))
		if err != nil {
			return nil, err
		}
		clients = append(clients, cl)
	}
	select {
	case <-all:
	case <-time.After(60 * time.Second):
		return nil, fmt.Errorf("%d members have not shared out the partitions after a minute", s.count)
	}
	took := time.Since(began)
	var wait sync.WaitGroup
	for _, cl := range clients {
		wait.Add(1)
		go func() {
			defer wait.Done()
			cl.CloseAllowingRebalance()
		}()
	}
	wait.Wait()
	return result{"ms": ms(took)}, nil
}
