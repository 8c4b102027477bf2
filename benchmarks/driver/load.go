package main

import (
	"context"
	"sort"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const partitions = 6

func create(s settings) (result, error) {
	cl, err := client(s)
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	began := time.Now()
	answer, err := kadm.NewClient(cl).CreateTopic(context.Background(), int32(s.count), 1, nil, s.topic)
	if err == nil {
		err = answer.Err
	}
	return result{"seconds": time.Since(began).Seconds()}, err
}

func payload(size int) []byte {
	value := make([]byte, size)
	for i := range value {
		value[i] = byte('a' + i%26)
	}
	return value
}

// Idempotent producers, acks=all, no compression; the clock runs from the first record to the last acknowledgement.
func produce(s settings) (result, error) {
	value := payload(s.size)
	clients := make([]*kgo.Client, s.producers)
	for i := range clients {
		cl, err := client(s, kgo.DefaultProduceTopic(s.topic), kgo.ProducerBatchCompression(kgo.NoCompression()),
			kgo.RecordPartitioner(kgo.RoundRobinPartitioner()))
		if err != nil {
			return nil, err
		}
		defer cl.Close()
		// Connections, metadata and the producer id do not count towards the throughput.
		if err := cl.ProduceSync(context.Background(), &kgo.Record{Value: value}).FirstErr(); err != nil {
			return nil, err
		}
		clients[i] = cl
	}
	began := time.Now()
	var wait sync.WaitGroup
	failures := make(chan error, s.producers)
	for _, cl := range clients {
		wait.Add(1)
		go func() {
			defer wait.Done()
			var failed error
			for range s.count / s.producers {
				cl.Produce(context.Background(), &kgo.Record{Value: value}, func(_ *kgo.Record, err error) {
					if err != nil {
						failed = err
					}
				})
			}
			if err := cl.Flush(context.Background()); err != nil {
				failed = err
			}
			if failed != nil {
				failures <- failed
			}
		}()
	}
	wait.Wait()
	took := time.Since(began).Seconds()
	select {
	case err := <-failures:
		return nil, err
	default:
	}
	records := s.count / s.producers * s.producers
	return result{"seconds": took, "records": records, "perSecond": float64(records) / took, "bytes": records * s.size}, nil
}

// Reads from the start without a group; the clock runs from the first answer to the last record.
func consume(s settings) (result, error) {
	cl, err := client(s, kgo.ConsumeTopics(s.topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	records := 0
	var began time.Time
	for records < s.count {
		fetches := cl.PollFetches(context.Background())
		if err := fetches.Err(); err != nil {
			return nil, err
		}
		if began.IsZero() {
			began = time.Now()
		}
		records += fetches.NumRecords()
	}
	took := time.Since(began).Seconds()
	return result{"seconds": took, "records": records, "perSecond": float64(records) / took, "bytes": records * s.size}, nil
}

// Records at a steady rate, each consumed by a client that waits: from Produce to its arrival. The first second is counted apart: cold.
func latency(s settings) (result, error) {
	ctx := context.Background()
	reader, err := client(s, kgo.ConsumeTopics(s.topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtEnd()))
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	writer, err := client(s, kgo.DefaultProduceTopic(s.topic), kgo.ProducerLinger(0), kgo.ProducerBatchCompression(kgo.NoCompression()))
	if err != nil {
		return nil, err
	}
	defer writer.Close()
	value := payload(s.size)
	sent := make(map[int64]time.Time)
	var lock sync.Mutex
	var cold, warm []float64
	total := int(float64(s.rate) * s.seconds)
	ready := make(chan struct{})
	done := make(chan struct{})
	go func() {
		seen := 0
		for seen < total {
			fetches := reader.PollFetches(ctx)
			now := time.Now()
			lock.Lock()
			fetches.EachRecord(func(r *kgo.Record) {
				if string(r.Key) == "hello" {
					select {
					case <-ready:
					default:
						close(ready)
					}
					return
				}
				at := r.Timestamp
				if began, ok := sent[number(r.Key)]; ok {
					at = began
				}
				ms := float64(now.Sub(at).Nanoseconds()) / 1e6
				if seen < s.rate {
					cold = append(cold, ms)
				} else {
					warm = append(warm, ms)
				}
				seen++
			})
			lock.Unlock()
		}
		close(done)
	}()
	for waiting := true; waiting; {
		writer.ProduceSync(ctx, &kgo.Record{Key: []byte("hello"), Value: value})
		select {
		case <-ready:
			waiting = false
		case <-time.After(20 * time.Millisecond):
		}
	}
	gap := time.Second / time.Duration(s.rate)
	next := time.Now()
	for i := range total {
		for time.Now().Before(next) {
			time.Sleep(time.Until(next))
		}
		next = next.Add(gap)
		lock.Lock()
		sent[int64(i)] = time.Now()
		lock.Unlock()
		writer.Produce(ctx, &kgo.Record{Key: digits(int64(i)), Value: value}, nil)
	}
	select {
	case <-done:
	case <-time.After(20 * time.Second):
	}
	return result{"p50": quantile(warm, 0.5), "p99": quantile(warm, 0.99), "coldP99": quantile(cold, 0.99), "records": len(cold) + len(warm)}, nil
}

func digits(n int64) []byte {
	b := make([]byte, 8)
	for i := range b {
		b[i] = byte(n >> (8 * i))
	}
	return b
}

func number(b []byte) int64 {
	if len(b) != 8 {
		return -1
	}
	var n int64
	for i := range b {
		n |= int64(b[i]) << (8 * i)
	}
	return n
}

func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return -1
	}
	sort.Float64s(values)
	return values[min(len(values)-1, int(q*float64(len(values))))]
}

// OffsetCommits of six partitions, one after the other in each group, for so many seconds.
func commits(s settings) (result, error) {
	var wait sync.WaitGroup
	counts := make([]int, s.groups)
	errors := make([]error, s.groups)
	clients := make([]*kgo.Client, s.groups)
	requests := make([]*kmsg.OffsetCommitRequest, s.groups)
	for i := range s.groups {
		cl, err := client(s)
		if err != nil {
			return nil, err
		}
		defer cl.Close()
		clients[i] = cl
		id, err := topicID(cl, s.topic)
		if err != nil {
			return nil, err
		}
		requests[i] = commitOf(s.topic, id, i)
		if err := commit(cl, requests[i]); err != nil {
			return nil, err
		}
	}
	began := time.Now()
	until := began.Add(time.Duration(s.seconds * float64(time.Second)))
	for i := range s.groups {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for time.Now().Before(until) {
				if err := commit(clients[i], requests[i]); err != nil {
					errors[i] = err
					return
				}
				counts[i]++
			}
		}()
	}
	wait.Wait()
	took := time.Since(began).Seconds()
	total := 0
	for i, count := range counts {
		if errors[i] != nil {
			return nil, errors[i]
		}
		total += count
	}
	return result{"seconds": took, "perSecond": float64(total) / took, "records": total}, nil
}

// From version 10 on a commit names its topic by id (KIP-848).
func topicID(cl *kgo.Client, topic string) ([16]byte, error) {
	topics, err := kadm.NewClient(cl).ListTopics(context.Background(), topic)
	if err == nil {
		err = topics.Error()
	}
	return topics[topic].ID, err
}

// A refused commit does not count: every partition's answer is checked.
func commit(cl *kgo.Client, request *kmsg.OffsetCommitRequest) error {
	answer, err := request.RequestWith(context.Background(), cl)
	if err != nil {
		return err
	}
	for _, t := range answer.Topics {
		for _, p := range t.Partitions {
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
				return err
			}
		}
	}
	return nil
}

func commitOf(topic string, id [16]byte, group int) *kmsg.OffsetCommitRequest {
	request := kmsg.NewPtrOffsetCommitRequest()
	request.Group = "group-" + string(rune('a'+group))
	request.Generation = -1
	t := kmsg.NewOffsetCommitRequestTopic()
	t.Topic = topic
	t.TopicID = id
	for p := range partitions {
		partition := kmsg.NewOffsetCommitRequestTopicPartition()
		partition.Partition = int32(p)
		partition.Offset = int64(p)
		t.Partitions = append(t.Partitions, partition)
	}
	request.Topics = append(request.Topics, t)
	return request
}
