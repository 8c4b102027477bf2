// Command sarama asks a broker for everything that Sarama's cluster administration can ask of it, and writes and reads
// records as its producers and consumers do. It prints a line of JSON for each step: what the library returned. It expects
// nothing: the answers of two brokers are compared.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"sort"
	"strings"
	"time"

	"github.com/IBM/sarama"
)

var out = json.NewEncoder(os.Stdout)

// Step prints what was answered.
func step(name string, act func() (any, error)) {
	begun := time.Now()
	answer, err := act()
	fmt.Fprintln(os.Stderr, time.Since(begun).Milliseconds(), "ms", name)
	line := map[string]any{"step": name, "answer": answer}
	if err != nil {
		line["error"] = err.Error()
	}
	if err := out.Encode(line); err != nil {
		out.Encode(map[string]any{"step": name, "error": "the answer cannot be printed: " + err.Error()})
	}
}

func done(name string, act func() error) {
	step(name, func() (any, error) { return nil, act() })
}

func ptr(text string) *string { return &text }

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

// A broker acts on a change a moment after it has answered.
func settle() { time.Sleep(300 * time.Millisecond) }

func main() {
	brokers := strings.Split(os.Args[1], ",")
	config := sarama.NewConfig()
	config.Version = must(sarama.ParseKafkaVersion(os.Args[2]))
	config.ClientID = "sarama-judge"
	config.Producer.Return.Successes = true
	config.Producer.Partitioner = sarama.NewManualPartitioner
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	config.Consumer.Offsets.AutoCommit.Enable = false
	config.Consumer.Return.Errors = true
	config.Admin.Timeout = 20 * time.Second
	client := must(sarama.NewClient(brokers, config))
	defer client.Close()
	admin := must(sarama.NewClusterAdminFromClient(client))

	topics(admin, client)
	records(brokers, config)
	offsets(admin)
	groups(admin, brokers, config)
	configs(admin)
	acls(admin)
	usersAndQuotas(admin)
	cluster(admin)
	transactions(admin, brokers, config)
	ends(admin, client)
}

func topics(admin sarama.ClusterAdmin, client sarama.Client) {
	detail := func(partitions int32, replicas int16) *sarama.TopicDetail {
		return &sarama.TopicDetail{NumPartitions: partitions, ReplicationFactor: replicas}
	}
	done("CreateTopic", func() error {
		with := detail(3, 1)
		with.ConfigEntries = map[string]*string{"retention.ms": ptr("3600000"), "cleanup.policy": ptr("compact,delete")}
		return admin.CreateTopic("s-orders", with, false)
	})
	done("CreateTopic, with the defaults of the broker", func() error { return admin.CreateTopic("s-defaults", detail(-1, -1), false) })
	done("CreateTopic, with an assignment", func() error {
		return admin.CreateTopic("s-assigned", &sarama.TopicDetail{NumPartitions: -1, ReplicationFactor: -1, ReplicaAssignment: map[int32][]int32{0: {1}, 1: {1}}}, false)
	})
	done("CreateTopic that exists", func() error { return admin.CreateTopic("s-orders", detail(1, 1), false) })
	done("CreateTopic, validated only", func() error { return admin.CreateTopic("s-none", detail(1, 1), true) })
	done("CreateTopic, with too many replicas", func() error { return admin.CreateTopic("s-none", detail(1, 3), false) })
	done("CreateTopic, with no partitions", func() error { return admin.CreateTopic("s-none", detail(0, 1), false) })
	done("CreateTopic, with a name that is not valid", func() error { return admin.CreateTopic("s none", detail(1, 1), false) })
	done("CreateTopic, with an unknown configuration", func() error {
		with := detail(1, 1)
		with.ConfigEntries = map[string]*string{"no.such": ptr("1")}
		return admin.CreateTopic("s-none", with, false)
	})
	done("CreateTopic, with a value that is not valid", func() error {
		with := detail(1, 1)
		with.ConfigEntries = map[string]*string{"retention.ms": ptr("soon")}
		return admin.CreateTopic("s-none", with, false)
	})
	settle()
	step("ListTopics", func() (any, error) {
		found, err := admin.ListTopics()
		for name := range found {
			if !strings.HasPrefix(name, "s-") {
				delete(found, name)
			}
		}
		return found, err
	})
	step("DescribeTopics", func() (any, error) {
		return admin.DescribeTopics([]string{"s-orders", "s-assigned", "s-defaults", "s-none"})
	})
	done("CreatePartitions", func() error { return admin.CreatePartitions("s-orders", 4, nil, false) })
	done("CreatePartitions, validated only", func() error { return admin.CreatePartitions("s-orders", 6, nil, true) })
	done("CreatePartitions, fewer", func() error { return admin.CreatePartitions("s-orders", 2, nil, false) })
	done("CreatePartitions, on a node that does not exist", func() error { return admin.CreatePartitions("s-orders", 5, [][]int32{{9}}, false) })
	done("CreatePartitions, with assignments that do not fit", func() error { return admin.CreatePartitions("s-orders", 5, [][]int32{{1}, {1}}, false) })
	done("CreatePartitions of an unknown topic", func() error { return admin.CreatePartitions("s-none", 5, nil, false) })
	settle()
	step("Partitions", func() (any, error) {
		if err := client.RefreshMetadata("s-orders"); err != nil {
			return nil, err
		}
		return client.Partitions("s-orders")
	})
	step("ListPartitionReassignments", func() (any, error) { return admin.ListPartitionReassignments("s-orders", []int32{0, 1}) })
	done("AlterPartitionReassignments to where it is", func() error { return admin.AlterPartitionReassignments("s-orders", [][]int32{{1}, {1}, {1}, {1}}) })
	done("AlterPartitionReassignments to a node that does not exist", func() error { return admin.AlterPartitionReassignments("s-orders", [][]int32{{9}}) })
	for _, kind := range []sarama.ElectionType{sarama.PreferredElection, sarama.UncleanElection} {
		step(fmt.Sprintf("ElectLeaders (%d)", kind), func() (any, error) {
			return admin.ElectLeaders(kind, map[string][]int32{"s-orders": {0, 1}})
		})
	}
	step("ElectLeaders of an unknown partition", func() (any, error) {
		return admin.ElectLeaders(sarama.PreferredElection, map[string][]int32{"s-orders": {77}, "s-none": {0}})
	})
}

const first = 1_700_000_000_000

func records(brokers []string, config *sarama.Config) {
	for i, codec := range []sarama.CompressionCodec{sarama.CompressionNone, sarama.CompressionGZIP, sarama.CompressionSnappy, sarama.CompressionLZ4, sarama.CompressionZSTD} {
		for _, idempotent := range []bool{false, true} {
			step(fmt.Sprintf("SendMessages, %s, idempotent: %t", codec, idempotent), func() (any, error) {
				own := *config
				own.Producer.Compression = codec
				own.Producer.Idempotent = idempotent
				own.Producer.RequiredAcks = sarama.WaitForAll
				if idempotent {
					own.Net.MaxOpenRequests = 1
				}
				producer, err := sarama.NewSyncProducer(brokers, &own)
				if err != nil {
					return nil, err
				}
				defer producer.Close()
				var places [][2]int64
				for n := range 4 {
					partition, offset, err := producer.SendMessage(&sarama.ProducerMessage{
						Topic: "s-orders", Partition: int32(n % 2), Key: sarama.StringEncoder(fmt.Sprint("k", n)),
						Value: sarama.StringEncoder(strings.Repeat(fmt.Sprint("value ", i), 50)), Timestamp: time.UnixMilli(first + int64(i)*1_000 + int64(n)),
						Headers: []sarama.RecordHeader{{Key: []byte("nth"), Value: []byte{byte(n)}}},
					})
					if err != nil {
						return nil, err
					}
					places = append(places, [2]int64{int64(partition), offset})
				}
				return places, nil
			})
		}
	}
	step("SendMessage to an unknown partition", func() (any, error) {
		producer, err := sarama.NewSyncProducer(brokers, config)
		if err != nil {
			return nil, err
		}
		defer producer.Close()
		_, _, err = producer.SendMessage(&sarama.ProducerMessage{Topic: "s-orders", Partition: 77})
		return nil, err
	})
	step("SendMessage without a key to a compacted topic", func() (any, error) {
		producer, err := sarama.NewSyncProducer(brokers, config)
		if err != nil {
			return nil, err
		}
		defer producer.Close()
		_, _, err = producer.SendMessage(&sarama.ProducerMessage{Topic: "s-orders", Partition: 0, Value: sarama.StringEncoder("v")})
		return nil, err
	})
	step("ConsumePartition", func() (any, error) { return consume(brokers, config, "s-orders", 0, sarama.OffsetOldest, 20) })
	step("ConsumePartition from an offset", func() (any, error) { return consume(brokers, config, "s-orders", 1, 15, 3) })
	step("ConsumePartition from an offset that is not there", func() (any, error) { return consume(brokers, config, "s-orders", 1, 1_000, 1) })
}

func consume(brokers []string, config *sarama.Config, topic string, partition int32, from int64, count int) (any, error) {
	consumer, err := sarama.NewConsumer(brokers, config)
	if err != nil {
		return nil, err
	}
	defer consumer.Close()
	reading, err := consumer.ConsumePartition(topic, partition, from)
	if err != nil {
		return nil, err
	}
	defer reading.Close()
	var seen []string
	for len(seen) < count {
		select {
		case r := <-reading.Messages():
			seen = append(seen, fmt.Sprintf("%d %d %s %d %v", r.Offset, r.Timestamp.UnixMilli(), r.Key, len(r.Value), r.Headers[0].Value))
		case err := <-reading.Errors():
			return seen, err.Err
		case <-time.After(10 * time.Second):
			return seen, errors.New("nothing more within 10 s")
		}
	}
	return map[string]any{"records": seen, "high watermark": reading.HighWaterMarkOffset()}, nil
}

func offsets(admin sarama.ClusterAdmin) {
	for name, at := range map[string]int64{"-1 newest": sarama.OffsetNewest, "-2 oldest": sarama.OffsetOldest, "-3 by the largest time": -3, "-4 local": -4, "-5 tiered": -5, "a time": first + 2_001, "a time to come": 2_000_000_000_000} {
		step("ListOffsets, "+name, func() (any, error) {
			found, err := admin.ListOffsets(map[string]map[int32]int64{"s-orders": {0: at, 1: at, 2: at}, "s-assigned": {0: at}}, nil)
			return plain(found), err
		})
	}
	step("ListOffsets of an unknown partition", func() (any, error) {
		found, err := admin.ListOffsets(map[string]map[int32]int64{"s-orders": {77: -1}}, nil)
		return plain(found), err
	})
	done("DeleteRecords", func() error { return admin.DeleteRecords("s-orders", map[int32]int64{0: 4, 1: 2}) })
	done("DeleteRecords, all", func() error { return admin.DeleteRecords("s-assigned", map[int32]int64{0: -1}) })
	done("DeleteRecords past the end", func() error { return admin.DeleteRecords("s-orders", map[int32]int64{0: 5_000}) })
	done("DeleteRecords of an unknown partition", func() error { return admin.DeleteRecords("s-orders", map[int32]int64{77: 1}) })
	step("ListOffsets after it", func() (any, error) {
		found, err := admin.ListOffsets(map[string]map[int32]int64{"s-orders": {0: sarama.OffsetOldest, 1: sarama.OffsetOldest}}, nil)
		return plain(found), err
	})
}

func plain(found map[string]map[int32]*sarama.OffsetResult) map[string]string {
	lines := map[string]string{}
	for topic, partitions := range found {
		for partition, it := range partitions {
			lines[fmt.Sprintf("%s-%d", topic, partition)] = fmt.Sprintf("offset %d, time %d, epoch %d, %v", it.Offset, it.Timestamp, it.LeaderEpoch, it.Err)
		}
	}
	return lines
}

type member struct {
	seen chan string
}

func (m *member) Setup(sarama.ConsumerGroupSession) error { return nil }
func (m *member) Cleanup(session sarama.ConsumerGroupSession) error {
	session.Commit()
	return nil
}
func (m *member) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for {
		select {
		case r, open := <-claim.Messages():
			if !open {
				return nil
			}
			session.MarkMessage(r, fmt.Sprint("read ", r.Offset))
			m.seen <- fmt.Sprintf("%d-%d", r.Partition, r.Offset)
		case <-session.Context().Done():
			return nil
		}
	}
}

func groups(admin sarama.ClusterAdmin, brokers []string, config *sarama.Config) {
	read := func(group string, strategy sarama.BalanceStrategy, meanwhile func()) func() (any, error) {
		return func() (any, error) {
			own := *config
			own.Consumer.Group.Rebalance.GroupStrategies = []sarama.BalanceStrategy{strategy}
			own.Consumer.Group.Session.Timeout = 40 * time.Second
			own.Consumer.Group.InstanceId = "instance-" + group
			joined, err := sarama.NewConsumerGroup(brokers, group, &own)
			if err != nil {
				return nil, err
			}
			ctx, stop := context.WithTimeout(context.Background(), 20*time.Second)
			who := &member{seen: make(chan string, 100)}
			ended := make(chan error, 1)
			// A session ends where the group is balanced anew; the next one goes on.
			go func() {
				var err error
				for ctx.Err() == nil {
					err = joined.Consume(ctx, []string{"s-orders"}, who)
				}
				ended <- err
			}()
			var all []string
			for len(all) < 34 && ctx.Err() == nil {
				select {
				case at := <-who.seen:
					all = append(all, at)
				case <-ctx.Done():
				}
			}
			if meanwhile != nil {
				meanwhile()
			}
			stop()
			<-ended
			sort.Strings(all)
			return all, joined.Close()
		}
	}
	describe := func(group string) func() {
		return func() {
			step("DescribeConsumerGroups of a working group", func() (any, error) {
				found, err := admin.DescribeConsumerGroups([]string{group})
				return members(found), err
			})
			done("DeleteConsumerGroup of a working group", func() error { return admin.DeleteConsumerGroup(group) })
			done("DeleteConsumerGroupOffset of a working group", func() error { return admin.DeleteConsumerGroupOffset(group, "s-orders", 0) })
			step("AlterConsumerGroupOffsets of a working group", func() (any, error) {
				return admin.AlterConsumerGroupOffsets(group, map[string]map[int32]sarama.OffsetAndMetadata{"s-orders": {0: {Offset: 3}}}, nil)
			})
		}
	}
	step("a group of one, by range", read("s-range", sarama.NewBalanceStrategyRange(), describe("s-range")))
	step("a group of one, sticky", read("s-sticky", sarama.NewBalanceStrategySticky(), nil))
	step("RemoveMemberFromConsumerGroup", func() (any, error) {
		return admin.RemoveMemberFromConsumerGroup("s-range", []string{"instance-s-range"})
	})
	step("RemoveMemberFromConsumerGroup, unknown", func() (any, error) {
		return admin.RemoveMemberFromConsumerGroup("s-sticky", []string{"nobody"})
	})
	step("RemoveMemberFromConsumerGroup, the other", func() (any, error) {
		return admin.RemoveMemberFromConsumerGroup("s-sticky", []string{"instance-s-sticky"})
	})
	step("ListConsumerGroups", func() (any, error) { return admin.ListConsumerGroups() })
	step("DescribeConsumerGroups", func() (any, error) {
		found, err := admin.DescribeConsumerGroups([]string{"s-range", "s-sticky", "s-no-such-group"})
		return members(found), err
	})
	for name, partitions := range map[string]map[string][]int32{"all": nil, "some": {"s-orders": {0, 2}, "s-none": {0}}} {
		step("ListConsumerGroupOffsets, "+name, func() (any, error) {
			found, err := admin.ListConsumerGroupOffsets("s-range", partitions)
			if err != nil {
				return nil, err
			}
			return map[string]any{"blocks": found.Blocks, "error": found.Err.Error()}, nil
		})
	}
	step("ListConsumerGroupOffsetsBatch", func() (any, error) {
		return admin.ListConsumerGroupOffsetsBatch(map[string]map[string][]int32{"s-range": nil, "s-sticky": {"s-orders": {1}}, "s-no-such-group": nil})
	})
	step("AlterConsumerGroupOffsets", func() (any, error) {
		return admin.AlterConsumerGroupOffsets("s-range", map[string]map[int32]sarama.OffsetAndMetadata{
			"s-orders": {0: {Offset: 7, Metadata: "moved", LeaderEpoch: 0}, 1: {Offset: 8, LeaderEpoch: -1}}, "s-none": {0: {Offset: 1, LeaderEpoch: -1}}}, nil)
	})
	step("AlterConsumerGroupOffsets of a new group", func() (any, error) {
		return admin.AlterConsumerGroupOffsets("s-new", map[string]map[int32]sarama.OffsetAndMetadata{"s-orders": {0: {Offset: 1, LeaderEpoch: -1}}}, nil)
	})
	done("DeleteConsumerGroupOffset", func() error { return admin.DeleteConsumerGroupOffset("s-range", "s-orders", 1) })
	done("DeleteConsumerGroupOffset of an unknown partition", func() error { return admin.DeleteConsumerGroupOffset("s-range", "s-none", 0) })
	done("DeleteConsumerGroupOffset of an unknown group", func() error { return admin.DeleteConsumerGroupOffset("s-no-such-group", "s-orders", 0) })
	step("ListConsumerGroupOffsets after it", func() (any, error) {
		found, err := admin.ListConsumerGroupOffsets("s-range", nil)
		if err != nil {
			return nil, err
		}
		return found.Blocks, nil
	})
	done("DeleteConsumerGroup", func() error { return admin.DeleteConsumerGroup("s-sticky") })
	done("DeleteConsumerGroup that does not exist", func() error { return admin.DeleteConsumerGroup("s-sticky") })
	step("ListConsumerGroups at the end", func() (any, error) { return admin.ListConsumerGroups() })
}

// Members have ids that are drawn; the rest of what is described is compared, and what is assigned to each.
func members(found []*sarama.GroupDescription) any {
	type one struct {
		Client, Instance, Host string
		Topics                 []string
		Assigned               map[string][]int32
		Prefix                 bool
	}
	all := map[string]any{}
	for _, group := range found {
		list := []one{}
		for id, it := range group.Members {
			m := one{Client: it.ClientId, Host: it.ClientHost, Prefix: strings.HasPrefix(id, "instance-")}
			if it.GroupInstanceId != nil {
				m.Instance = *it.GroupInstanceId
			}
			if said, err := it.GetMemberMetadata(); err == nil && said != nil {
				m.Topics = said.Topics
			}
			if given, err := it.GetMemberAssignment(); err == nil && given != nil {
				m.Assigned = given.Topics
			}
			list = append(list, m)
		}
		all[group.GroupId] = map[string]any{"state": group.State, "type": group.ProtocolType, "protocol": group.Protocol,
			"error": group.Err.Error(), "operations": group.AuthorizedOperations, "members": list}
	}
	return all
}

func configs(admin sarama.ClusterAdmin) {
	topic := sarama.ConfigResource{Type: sarama.TopicResource, Name: "s-orders"}
	step("DescribeConfig of a topic", func() (any, error) { return sorted(admin.DescribeConfig(topic)) })
	step("DescribeConfig of some of a topic", func() (any, error) {
		return sorted(admin.DescribeConfig(sarama.ConfigResource{Type: sarama.TopicResource, Name: "s-orders", ConfigNames: []string{"retention.ms", "no.such"}}))
	})
	step("DescribeConfig of an unknown topic", func() (any, error) {
		return sorted(admin.DescribeConfig(sarama.ConfigResource{Type: sarama.TopicResource, Name: "s-none"}))
	})
	step("DescribeConfig of the broker", func() (any, error) {
		return sorted(admin.DescribeConfig(sarama.ConfigResource{Type: sarama.BrokerResource, Name: "1", ConfigNames: []string{"num.partitions", "log.retention.ms", "log.segment.bytes", "auto.create.topics.enable", "group.max.session.timeout.ms", "compression.type"}}))
	})
	step("DescribeConfig of a broker that does not exist", func() (any, error) {
		return sorted(admin.DescribeConfig(sarama.ConfigResource{Type: sarama.BrokerResource, Name: "9"}))
	})
	step("DescribeConfigs, two, with synonyms", func() (any, error) {
		found, err := admin.DescribeConfigs([]*sarama.ConfigResource{
			{Type: sarama.TopicResource, Name: "s-orders", ConfigNames: []string{"retention.ms", "cleanup.policy", "max.message.bytes"}},
			{Type: sarama.TopicResource, Name: "s-none"}}, sarama.DescribeConfigsOptions{IncludeSynonyms: true})
		for _, one := range found {
			sorted(one.Configs, nil)
		}
		return found, err
	})
	set := func(value string) sarama.IncrementalAlterConfigsEntry {
		return sarama.IncrementalAlterConfigsEntry{Operation: sarama.IncrementalAlterConfigsOperationSet, Value: &value}
	}
	alter := func(name string, validate bool, entries map[string]sarama.IncrementalAlterConfigsEntry) error {
		return admin.IncrementalAlterConfig(sarama.TopicResource, name, entries, validate)
	}
	done("IncrementalAlterConfig", func() error {
		return alter("s-orders", false, map[string]sarama.IncrementalAlterConfigsEntry{
			"max.message.bytes": set("200000"),
			"retention.ms":      {Operation: sarama.IncrementalAlterConfigsOperationDelete},
			"cleanup.policy":    {Operation: sarama.IncrementalAlterConfigsOperationSubtract, Value: ptr("compact")}})
	})
	done("IncrementalAlterConfig, validated only", func() error {
		return alter("s-orders", true, map[string]sarama.IncrementalAlterConfigsEntry{"retention.ms": set("5")})
	})
	done("IncrementalAlterConfig, not valid", func() error {
		return alter("s-orders", false, map[string]sarama.IncrementalAlterConfigsEntry{"retention.ms": set("soon")})
	})
	done("IncrementalAlterConfig, unknown", func() error {
		return alter("s-orders", false, map[string]sarama.IncrementalAlterConfigsEntry{"no.such": set("1")})
	})
	done("IncrementalAlterConfig, out of range", func() error {
		return alter("s-orders", false, map[string]sarama.IncrementalAlterConfigsEntry{"min.insync.replicas": set("0")})
	})
	done("IncrementalAlterConfig, appended to what is not a list", func() error {
		return alter("s-orders", false, map[string]sarama.IncrementalAlterConfigsEntry{"retention.ms": {Operation: sarama.IncrementalAlterConfigsOperationAppend, Value: ptr("1")}})
	})
	done("IncrementalAlterConfig of an unknown topic", func() error {
		return alter("s-none", false, map[string]sarama.IncrementalAlterConfigsEntry{"retention.ms": set("1")})
	})
	settle()
	step("DescribeConfig after it", func() (any, error) { return sorted(admin.DescribeConfig(topic)) })
	done("AlterConfig", func() error {
		return admin.AlterConfig(sarama.TopicResource, "s-orders", map[string]*string{"segment.bytes": ptr("2000000")}, false)
	})
	settle()
	step("DescribeConfig after that", func() (any, error) { return sorted(admin.DescribeConfig(topic)) })
}

func sorted(entries []sarama.ConfigEntry, err error) (any, error) {
	sort.Slice(entries, func(i, j int) bool { return entries[i].Name < entries[j].Name })
	return entries, err
}

func acls(admin sarama.ClusterAdmin) {
	resource := func(kind sarama.AclResourceType, name string, pattern sarama.AclResourcePatternType) sarama.Resource {
		return sarama.Resource{ResourceType: kind, ResourceName: name, ResourcePatternType: pattern}
	}
	acl := func(who string, operation sarama.AclOperation, permission sarama.AclPermissionType) sarama.Acl {
		return sarama.Acl{Principal: who, Host: "*", Operation: operation, PermissionType: permission}
	}
	done("CreateACL", func() error {
		return admin.CreateACL(resource(sarama.AclResourceTopic, "s-orders", sarama.AclPatternLiteral), acl("User:alice", sarama.AclOperationRead, sarama.AclPermissionAllow))
	})
	done("CreateACLs", func() error {
		deny := acl("User:bob", sarama.AclOperationWrite, sarama.AclPermissionDeny)
		all := acl("User:carol", sarama.AclOperationAll, sarama.AclPermissionAllow)
		return admin.CreateACLs([]*sarama.ResourceAcls{
			{Resource: resource(sarama.AclResourceTopic, "s-", sarama.AclPatternPrefixed), Acls: []*sarama.Acl{&deny, &all}},
			{Resource: resource(sarama.AclResourceGroup, "*", sarama.AclPatternLiteral), Acls: []*sarama.Acl{&all}}})
	})
	done("CreateACL for a principal that is not valid", func() error {
		return admin.CreateACL(resource(sarama.AclResourceTopic, "s-orders", sarama.AclPatternLiteral), acl("alice", sarama.AclOperationRead, sarama.AclPermissionAllow))
	})
	done("CreateACL with a pattern of a filter", func() error {
		return admin.CreateACL(resource(sarama.AclResourceTopic, "s-orders", sarama.AclPatternMatch), acl("User:alice", sarama.AclOperationRead, sarama.AclPermissionAllow))
	})
	done("CreateACL without a name", func() error {
		return admin.CreateACL(resource(sarama.AclResourceTopic, "", sarama.AclPatternLiteral), acl("User:alice", sarama.AclOperationRead, sarama.AclPermissionAllow))
	})
	settle()
	every := sarama.AclFilter{ResourceType: sarama.AclResourceAny, ResourcePatternTypeFilter: sarama.AclPatternAny, Operation: sarama.AclOperationAny, PermissionType: sarama.AclPermissionAny}
	matching := every
	matching.ResourceType, matching.ResourceName, matching.ResourcePatternTypeFilter = sarama.AclResourceTopic, ptr("s-orders"), sarama.AclPatternMatch
	step("ListAcls, all", func() (any, error) { return lines(admin.ListAcls(every)) })
	step("ListAcls, those that match a name", func() (any, error) { return lines(admin.ListAcls(matching)) })
	ofCarol := every
	ofCarol.Principal = ptr("User:carol")
	step("DeleteACL of a principal", func() (any, error) { return lines(admin.DeleteACL(ofCarol, false)) })
	step("DeleteACL of the rest", func() (any, error) { return lines(admin.DeleteACL(every, false)) })
	settle()
	step("ListAcls, none", func() (any, error) { return lines(admin.ListAcls(every)) })
}

func lines[T any](found []T, err error) (any, error) {
	list := []string{}
	for _, one := range found {
		if listed, isList := any(one).(sarama.ResourceAcls); isList {
			sort.Slice(listed.Acls, func(i, j int) bool { return listed.Acls[i].Principal < listed.Acls[j].Principal })
		}
		if user, isUser := any(one).(*sarama.DescribeUserScramCredentialsResult); isUser {
			sort.Slice(user.CredentialInfos, func(i, j int) bool { return user.CredentialInfos[i].Mechanism < user.CredentialInfos[j].Mechanism })
		}
		text, err := json.Marshal(one)
		if err != nil {
			return nil, err
		}
		list = append(list, string(text))
	}
	sort.Strings(list)
	return list, err
}

func usersAndQuotas(admin sarama.ClusterAdmin) {
	credential := func(name string, mechanism sarama.ScramMechanismType, iterations int32) sarama.AlterUserScramCredentialsUpsert {
		return sarama.AlterUserScramCredentialsUpsert{Name: name, Mechanism: mechanism, Iterations: iterations, Salt: []byte("salt"), Password: []byte("secret")}
	}
	upsert := func(list ...sarama.AlterUserScramCredentialsUpsert) func() (any, error) {
		return func() (any, error) { return lines(admin.UpsertUserScramCredentials(list)) }
	}
	step("UpsertUserScramCredentials", upsert(credential("alice", sarama.SCRAM_MECHANISM_SHA_256, 4096), credential("bob", sarama.SCRAM_MECHANISM_SHA_512, 8192)))
	step("UpsertUserScramCredentials, another mechanism", upsert(credential("alice", sarama.SCRAM_MECHANISM_SHA_512, 8192)))
	step("UpsertUserScramCredentials, a user twice, and one with too few iterations",
		upsert(credential("carol", sarama.SCRAM_MECHANISM_SHA_256, 4096), credential("carol", sarama.SCRAM_MECHANISM_SHA_512, 4096), credential("dave", sarama.SCRAM_MECHANISM_SHA_256, 5)))
	step("UpsertUserScramCredentials, too many iterations", upsert(credential("dave", sarama.SCRAM_MECHANISM_SHA_256, 20_000)))
	step("UpsertUserScramCredentials, without a name", upsert(credential("", sarama.SCRAM_MECHANISM_SHA_256, 4096)))
	step("UpsertUserScramCredentials, an unknown mechanism", upsert(credential("dave", sarama.SCRAM_MECHANISM_UNKNOWN, 4096)))
	settle()
	step("DescribeUserScramCredentials, all", func() (any, error) { return lines(admin.DescribeUserScramCredentials(nil)) })
	step("DescribeUserScramCredentials, some", func() (any, error) { return lines(admin.DescribeUserScramCredentials([]string{"alice", "nobody"})) })
	step("DeleteUserScramCredentials", func() (any, error) {
		return lines(admin.DeleteUserScramCredentials([]sarama.AlterUserScramCredentialsDelete{
			{Name: "alice", Mechanism: sarama.SCRAM_MECHANISM_SHA_256}, {Name: "nobody", Mechanism: sarama.SCRAM_MECHANISM_SHA_256}}))
	})
	settle()
	step("DescribeUserScramCredentials after it", func() (any, error) { return lines(admin.DescribeUserScramCredentials(nil)) })

	of := func(kind sarama.QuotaEntityType, name string) sarama.QuotaEntityComponent {
		if name == "" {
			return sarama.QuotaEntityComponent{EntityType: kind, MatchType: sarama.QuotaMatchDefault}
		}
		return sarama.QuotaEntityComponent{EntityType: kind, MatchType: sarama.QuotaMatchExact, Name: name}
	}
	alter := func(key string, value float64, remove bool, entity ...sarama.QuotaEntityComponent) func() error {
		return func() error {
			return admin.AlterClientQuotas(entity, sarama.ClientQuotasOp{Key: key, Value: value, Remove: remove}, false)
		}
	}
	done("AlterClientQuotas of a user", alter("producer_byte_rate", 100_000, false, of(sarama.QuotaEntityUser, "alice")))
	done("AlterClientQuotas of a user and a client", alter("consumer_byte_rate", 5_000.5, false, of(sarama.QuotaEntityUser, "alice"), of(sarama.QuotaEntityClientID, "app")))
	done("AlterClientQuotas of the default client", alter("request_percentage", 50, false, of(sarama.QuotaEntityClientID, "")))
	done("AlterClientQuotas of an address", alter("connection_creation_rate", 10, false, of(sarama.QuotaEntityIP, "127.0.0.2")))
	done("AlterClientQuotas of an address that is not valid", alter("connection_creation_rate", 10, false, of(sarama.QuotaEntityIP, "not an address")))
	done("AlterClientQuotas, an unknown key", alter("no_such_rate", 1, false, of(sarama.QuotaEntityUser, "alice")))
	done("AlterClientQuotas, less than nothing", alter("producer_byte_rate", -1, false, of(sarama.QuotaEntityUser, "alice")))
	done("AlterClientQuotas, a fraction of bytes", alter("producer_byte_rate", 0.5, false, of(sarama.QuotaEntityUser, "bob")))
	settle()
	describe := func(name string, strict bool, parts ...sarama.QuotaFilterComponent) {
		step("DescribeClientQuotas, "+name, func() (any, error) { return quotas(admin.DescribeClientQuotas(parts, strict)) })
	}
	any := func(kind sarama.QuotaEntityType) sarama.QuotaFilterComponent {
		return sarama.QuotaFilterComponent{EntityType: kind, MatchType: sarama.QuotaMatchAny}
	}
	describe("all", false)
	describe("users alone", true, any(sarama.QuotaEntityUser))
	describe("users", false, any(sarama.QuotaEntityUser))
	describe("the default client", true, sarama.QuotaFilterComponent{EntityType: sarama.QuotaEntityClientID, MatchType: sarama.QuotaMatchDefault})
	describe("addresses", true, any(sarama.QuotaEntityIP))
	describe("an unknown kind", true, any("no-such-kind"))
	done("AlterClientQuotas, removed", alter("producer_byte_rate", 0, true, of(sarama.QuotaEntityUser, "alice")))
	settle()
	describe("at the end", false)
}

func quotas(found []sarama.DescribeClientQuotasEntry, err error) (any, error) {
	list := []string{}
	for _, one := range found {
		entity := one.Entity
		sort.Slice(entity, func(i, j int) bool { return entity[i].EntityType < entity[j].EntityType })
		list = append(list, fmt.Sprint(entity, one.Values))
	}
	sort.Strings(list)
	return list, err
}

func transactions(admin sarama.ClusterAdmin, brokers []string, config *sarama.Config) {
	own := *config
	own.Producer.Idempotent = true
	own.Producer.RequiredAcks = sarama.WaitForAll
	own.Net.MaxOpenRequests = 1
	own.Producer.Transaction.ID = "s-transaction"
	asks := admin.(sarama.TransactionClusterAdmin)
	list := func(states ...string) func() (any, error) {
		return func() (any, error) {
			found, err := asks.ListTransactions(states, nil, -1)
			all := []string{}
			for _, it := range found {
				all = append(all, it.TransactionalID+" "+fmt.Sprint(it.TransactionState))
			}
			return all, err
		}
	}
	served := false
	step("a transaction that commits, and one that aborts", func() (any, error) {
		producer, err := sarama.NewSyncProducer(brokers, &own)
		if err != nil {
			return nil, err
		}
		defer producer.Close()
		for _, commits := range []bool{true, false} {
			if err := producer.BeginTxn(); err != nil {
				return nil, err
			}
			for n := range 3 {
				if _, _, err := producer.SendMessage(&sarama.ProducerMessage{Topic: "s-assigned", Partition: 1, Value: sarama.StringEncoder(fmt.Sprint(commits, n)), Headers: []sarama.RecordHeader{{Key: []byte("nth"), Value: []byte{byte(n)}}}}); err != nil {
					return nil, err
				}
			}
			if commits {
				if err := producer.AddOffsetsToTxn(map[string][]*sarama.PartitionOffsetMetadata{"s-orders": {{Partition: 2, Offset: 12, LeaderEpoch: -1}}}, "s-range"); err != nil {
					return nil, err
				}
				step("ListTransactions while one is open", list("Ongoing"))
				step("DescribeTransactions while one is open", func() (any, error) {
					found, err := asks.DescribeTransactions([]string{"s-transaction", "s-no-such"})
					all := map[string]string{}
					for id, it := range found {
						all[id] = fmt.Sprint(it.TransactionState, it.TransactionTimeout, it.ProducerEpoch, it.Topics)
					}
					return all, err
				})
				step("DescribeProducers while one is open", func() (any, error) {
					found, err := asks.DescribeProducers(map[string][]int32{"s-assigned": {1}})
					all := []string{}
					for _, it := range found["s-assigned"][1].ActiveProducers {
						all = append(all, fmt.Sprint(it.ProducerEpoch, it.LastSequence, it.CoordinatorEpoch, it.CurrentTxnStartOffset))
					}
					return all, err
				})
				if err := producer.CommitTxn(); err != nil {
					return nil, err
				}
			} else if err := producer.AbortTxn(); err != nil {
				return nil, err
			}
		}
		served = true
		return nil, nil
	})
	if !served {
		return
	}
	settle()
	step("ListTransactions", list())
	step("ListTransactions in a state that does not exist", list("NoSuchState"))
	for name, level := range map[string]sarama.IsolationLevel{"uncommitted": sarama.ReadUncommitted, "committed": sarama.ReadCommitted} {
		step("ListOffsets, read "+name, func() (any, error) {
			found, err := admin.ListOffsets(map[string]map[int32]int64{"s-assigned": {1: -1}}, &sarama.ListOffsetsOptions{IsolationLevel: level})
			return plain(found), err
		})
		step("ConsumePartition, read "+name, func() (any, error) {
			reading := *config
			reading.Consumer.IsolationLevel = level
			return consume(brokers, &reading, "s-assigned", 1, sarama.OffsetOldest, map[sarama.IsolationLevel]int{sarama.ReadUncommitted: 6, sarama.ReadCommitted: 3}[level])
		})
	}
	step("ListConsumerGroupOffsets of the transaction", func() (any, error) {
		found, err := admin.ListConsumerGroupOffsets("s-range", map[string][]int32{"s-orders": {2}})
		if err != nil {
			return nil, err
		}
		return found.Blocks, nil
	})
}

func cluster(admin sarama.ClusterAdmin) {
	step("DescribeCluster", func() (any, error) {
		brokers, controller, err := admin.DescribeCluster()
		ids := []int32{}
		for _, it := range brokers {
			ids = append(ids, it.ID())
		}
		return []any{ids, controller}, err
	})
	step("DescribeLogDirs", func() (any, error) {
		found, err := admin.DescribeLogDirs([]int32{1})
		topics := map[string]any{}
		for _, folder := range found[1] {
			for _, topic := range folder.Topics {
				if strings.HasPrefix(topic.Topic, "s-") {
					for _, it := range topic.Partitions {
						topics[fmt.Sprintf("%s-%d", topic.Topic, it.PartitionID)] = []any{it.OffsetLag, it.IsTemporary}
					}
				}
			}
		}
		return topics, err
	})
	step("Coordinator", func() (any, error) {
		found, err := admin.Coordinator("s-range")
		if err != nil {
			return nil, err
		}
		return found.ID(), nil
	})
	step("UpdateFeatures, unknown", func() (any, error) {
		return admin.UpdateFeatures([]sarama.FeatureUpdate{{Feature: "no.such.feature", MaxVersionLevel: 1}})
	})
}

func ends(admin sarama.ClusterAdmin, client sarama.Client) {
	done("DeleteTopic", func() error { return admin.DeleteTopic("s-assigned") })
	done("DeleteTopic that does not exist", func() error { return admin.DeleteTopic("s-none") })
	settle()
	step("the topics that are left", func() (any, error) {
		found, err := admin.ListTopics()
		names := []string{}
		for name := range found {
			if strings.HasPrefix(name, "s-") {
				names = append(names, name)
			}
		}
		sort.Strings(names)
		return names, err
	})
}
