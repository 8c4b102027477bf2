package main

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kfake"
)

// A broker of franz-go's on this port, one node, until it is killed.
func serve(s settings) (result, error) {
	options := []kfake.Opt{kfake.NumBrokers(1), kfake.Ports(s.port), kfake.AllowAutoTopicCreation(), kfake.DefaultNumPartitions(partitions)}
	if s.data != "" {
		options = append(options, kfake.DataDir(s.data))
	}
	if s.sync {
		options = append(options, kfake.SyncWrites())
	}
	cluster, err := kfake.NewCluster(options...)
	if err != nil {
		return nil, err
	}
	fmt.Println(cluster.ListenAddrs()[0])
	select {}
}
