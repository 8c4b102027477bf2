// Command kadm asks a broker for everything that franz-go's administration client (package kadm) can ask of it, and
// prints a line for each step: `ok NAME` or `FAIL NAME: WHY`. The expectations are Apache Kafka's: the full run asks one.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

var failed bool

func step(name string, act func() error) {
	if err := act(); err != nil {
		failed = true
		fmt.Printf("FAIL %s: %s\n", name, strings.ReplaceAll(err.Error(), "\n", " "))
		return
	}
	fmt.Printf("ok %s\n", name)
}

func want[T comparable](what string, got, wanted T) error {
	if got == wanted {
		return nil
	}
	return fmt.Errorf("%s is %v, and should be %v", what, got, wanted)
}

func wantErr(what string, err, wanted error) error {
	if errors.Is(err, wanted) {
		return nil
	}
	return fmt.Errorf("%s failed with %v, and should fail with %v", what, err, wanted)
}

func first(errs ...error) error { return errors.Join(errs...) }

func main() {
	seeds := flag.String("seeds", "", "addresses of the brokers")
	user := flag.String("user", "", "NAME:PASSWORD, for SCRAM-SHA-256")
	nodes := flag.Int("nodes", 1, "how many nodes there are")
	flag.Parse()
	opts := []kgo.Opt{kgo.SeedBrokers(strings.Split(*seeds, ",")...)}
	if *user != "" {
		name, password, _ := strings.Cut(*user, ":")
		opts = append(opts, kgo.SASL(scram.Auth{User: name, Pass: password}.AsSha256Mechanism()))
	}
	client, err := kgo.NewClient(opts...)
	if err != nil {
		panic(err)
	}
	defer client.Close()
	adm := kadm.NewClient(client)
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	replicas := int16(*nodes)

	step("ListBrokers", func() error {
		brokers, err := adm.ListBrokers(ctx)
		return first(err, want("the number of brokers", len(brokers), *nodes))
	})
	step("CreateTopics", func() error {
		made, err := adm.CreateTopics(ctx, 3, replicas, map[string]*string{"retention.ms": kadm.StringPtr("3600000")}, "kadm-a", "kadm-b")
		if err != nil {
			return err
		}
		return first(made.Error(), want("partitions", made["kadm-a"].NumPartitions, 3), want("replicas", made["kadm-a"].ReplicationFactor, replicas))
	})
	step("CreateTopic that exists", func() error {
		_, err := adm.CreateTopic(ctx, 1, 1, nil, "kadm-a")
		return wantErr("it", err, kerr.TopicAlreadyExists)
	})
	step("CreateTopic with too many replicas", func() error {
		_, err := adm.CreateTopic(ctx, 1, replicas+1, nil, "kadm-c")
		return wantErr("it", err, kerr.InvalidReplicationFactor)
	})
	step("ValidateCreateTopics", func() error {
		made, err := adm.ValidateCreateTopics(ctx, 1, 1, nil, "kadm-c")
		listed, listErr := adm.ListTopics(ctx, "kadm-c")
		return first(err, made.Error(), listErr, wantErr("the topic", listed["kadm-c"].Err, kerr.UnknownTopicOrPartition))
	})
	step("ListTopics", func() error {
		topics, err := adm.ListTopics(ctx, "kadm-a")
		if err != nil {
			return err
		}
		leaders := map[int32]bool{}
		for _, p := range topics["kadm-a"].Partitions {
			leaders[p.Leader] = true
		}
		return first(topics.Error(), want("partitions", len(topics["kadm-a"].Partitions), 3), want("leaders", len(leaders), min(3, *nodes)))
	})
	step("produce", func() error {
		for i := 0; i < 30; i++ {
			record := &kgo.Record{Topic: "kadm-a", Key: []byte{byte(i)}, Value: []byte("v"), Timestamp: time.UnixMilli(int64(1_700_000_000_000 + i))}
			if err := client.ProduceSync(ctx, record).FirstErr(); err != nil {
				return err
			}
		}
		return nil
	})
	step("ListStartOffsets, ListEndOffsets", func() error {
		starts, err := adm.ListStartOffsets(ctx, "kadm-a")
		ends, err2 := adm.ListEndOffsets(ctx, "kadm-a")
		if err := first(err, err2, starts.Error(), ends.Error()); err != nil {
			return err
		}
		var sum int64
		ends.Each(func(o kadm.ListedOffset) { sum += o.Offset })
		starts.Each(func(o kadm.ListedOffset) { sum -= o.Offset })
		return want("records", sum, 30)
	})
	step("ListOffsetsAfterMilli", func() error {
		listed, err := adm.ListOffsetsAfterMilli(ctx, 1_700_000_000_000, "kadm-a")
		if err != nil {
			return err
		}
		var sum int64
		listed.Each(func(o kadm.ListedOffset) { sum += o.Offset })
		return first(listed.Error(), want("the sum of the offsets", sum, 0))
	})
	step("ListMaxTimestampOffsets", func() error {
		listed, err := adm.ListMaxTimestampOffsets(ctx, "kadm-a")
		if err != nil {
			return err
		}
		var latest int64
		listed.Each(func(o kadm.ListedOffset) { latest = max(latest, o.Timestamp) })
		return first(listed.Error(), want("the latest time", latest, 1_700_000_000_029))
	})
	step("CreatePartitions, UpdatePartitions", func() error {
		added, err := adm.CreatePartitions(ctx, 1, "kadm-b")
		set, err2 := adm.UpdatePartitions(ctx, 5, "kadm-b")
		if err := first(err, err2, added.Error(), set.Error()); err != nil {
			return err
		}
		fewer, err := adm.UpdatePartitions(ctx, 2, "kadm-b")
		return first(err, wantErr("fewer", fewer["kadm-b"].Err, kerr.InvalidPartitions))
	})
	step("DescribeTopicConfigs", func() error {
		configs, err := adm.DescribeTopicConfigs(ctx, "kadm-a")
		if err != nil {
			return err
		}
		config, err := configs.On("kadm-a", nil)
		if err != nil {
			return err
		}
		for _, c := range config.Configs {
			if c.Key == "retention.ms" {
				return first(want("its value", c.MaybeValue(), "3600000"), want("its source", c.Source.String(), "DYNAMIC_TOPIC_CONFIG"))
			}
		}
		return errors.New("there is no retention.ms")
	})
	step("AlterTopicConfigs", func() error {
		good := kadm.AlterConfig{Op: kadm.SetConfig, Name: "cleanup.policy", Value: kadm.StringPtr("compact")}
		altered, err := adm.AlterTopicConfigs(ctx, []kadm.AlterConfig{good}, "kadm-b")
		if err != nil {
			return err
		}
		bad := kadm.AlterConfig{Op: kadm.SetConfig, Name: "cleanup.policy", Value: kadm.StringPtr("burn")}
		refused, err := adm.AlterTopicConfigs(ctx, []kadm.AlterConfig{bad}, "kadm-b")
		for _, r := range altered {
			if r.Err != nil {
				return r.Err
			}
		}
		if err != nil || len(refused) != 1 {
			return fmt.Errorf("refused: %v, %d answers", err, len(refused))
		}
		return wantErr("an unknown policy", refused[0].Err, kerr.InvalidConfig)
	})
	step("DescribeBrokerConfigs", func() error {
		brokers, err := adm.ListBrokers(ctx)
		if err != nil {
			return err
		}
		configs, err := adm.DescribeBrokerConfigs(ctx, brokers.NodeIDs()...)
		return first(err, want("answers", len(configs), *nodes))
	})
	step("CommitOffsets, FetchOffsets", func() error {
		var offsets kadm.Offsets
		offsets.Add(kadm.Offset{Topic: "kadm-a", Partition: 1, At: 1, LeaderEpoch: -1, Metadata: "note"})
		committed, err := adm.CommitOffsets(ctx, "kadm-group", offsets)
		fetched, err2 := adm.FetchOffsets(ctx, "kadm-group")
		if err := first(err, err2, committed.Error(), fetched.Error()); err != nil {
			return err
		}
		at, _ := fetched.Lookup("kadm-a", 1)
		return first(want("the offset", at.At, 1), want("the metadata", at.Metadata, "note"))
	})
	step("FindGroupCoordinators", func() error {
		found := adm.FindGroupCoordinators(ctx, "kadm-group", "another")
		return first(found.Error(), want("coordinators", len(found), 2))
	})
	step("ListGroups, DescribeGroups, Lag", func() error {
		listed, err := adm.ListGroups(ctx)
		if err != nil {
			return err
		}
		described, err := adm.DescribeGroups(ctx, "kadm-group")
		if err := first(err, described.Error(), want("its state", described["kadm-group"].State, "Empty"), want("it is listed", listed["kadm-group"].Group, "kadm-group")); err != nil {
			return err
		}
		lags, err := adm.Lag(ctx, "kadm-group")
		if err := first(err, lags.Error()); err != nil {
			return err
		}
		// Where nothing is committed kadm counts the whole log.
		return want("its lag", lags["kadm-group"].Lag.Total(), 30-1)
	})
	step("DeleteOffsets, DeleteGroup", func() error {
		var set kadm.TopicsSet
		set.Add("kadm-a", 1)
		deleted, err := adm.DeleteOffsets(ctx, "kadm-group", set)
		if err := first(err, deleted.Error()); err != nil {
			return err
		}
		_, err = adm.DeleteGroup(ctx, "kadm-no-group")
		return wantErr("a group that does not exist", err, kerr.GroupIDNotFound)
	})
	step("DeleteRecords", func() error {
		ends, err := adm.ListEndOffsets(ctx, "kadm-a")
		if err != nil {
			return err
		}
		deleted, err := adm.DeleteRecords(ctx, ends.Offsets())
		starts, err2 := adm.ListStartOffsets(ctx, "kadm-a")
		if err := first(err, err2, deleted.Error()); err != nil {
			return err
		}
		left := int64(0)
		ends.Each(func(o kadm.ListedOffset) {
			start, _ := starts.Lookup(o.Topic, o.Partition)
			left += o.Offset - start.Offset
		})
		return want("records that are left", left, 0)
	})
	step("DescribeAllLogDirs", func() error {
		dirs, err := adm.DescribeAllLogDirs(ctx, nil)
		return first(err, want("brokers", len(dirs), *nodes))
	})
	step("DescribeProducers", func() error {
		var set kadm.TopicsSet
		set.Add("kadm-a", 0, 1, 2)
		described, err := adm.DescribeProducers(ctx, set)
		if err != nil {
			return err
		}
		return first(err, want("topics", len(described), 1))
	})
	step("OffsetForLeaderEpoch", func() error {
		var ask kadm.OffsetForLeaderEpochRequest
		ask.Add("kadm-a", 0, 0)
		answers, err := adm.OffsetForLeaderEpoch(ctx, ask)
		return first(err, want("topics", len(answers), 1))
	})
	step("ElectLeaders", func() error {
		var set kadm.TopicsSet
		set.Add("kadm-a", 0)
		elected, err := adm.ElectLeaders(ctx, kadm.ElectPreferredReplica, set)
		if err != nil {
			return err
		}
		return wantErr("an election that is not needed", elected["kadm-a"][0].Err, kerr.ElectionNotNeeded)
	})
	step("ListPartitionReassignments", func() error {
		listed, err := adm.ListPartitionReassignments(ctx, nil)
		return first(err, want("reassignments", len(listed), 0))
	})
	step("client quotas", func() error {
		entity := kadm.ClientQuotaEntity{{Type: "client-id", Name: kadm.StringPtr("kadm-client")}}
		altered, err := adm.AlterClientQuotas(ctx, []kadm.AlterClientQuotaEntry{{Entity: entity, Ops: []kadm.AlterClientQuotaOp{{Key: "producer_byte_rate", Value: 1e6}}}})
		if err != nil {
			return err
		}
		// What the controller of Apache Kafka has done, its brokers know a moment later.
		for until := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			described, err := adm.DescribeClientQuotas(ctx, true, []kadm.DescribeClientQuotaComponent{{Type: "client-id", MatchName: kadm.StringPtr("kadm-client")}})
			if err != nil {
				return err
			}
			if len(described) > 0 {
				return first(altered[0].Err, want("entities", len(described), 1), want("the quota", described[0].Values[0].Value, 1e6))
			}
			if time.Now().After(until) {
				return fmt.Errorf("the quota is not described within 10 s")
			}
		}
	})
	step("SCRAM users", func() error {
		upsert := kadm.UpsertSCRAM{User: "kadm-user", Mechanism: kadm.ScramSha256, Iterations: 4096, Password: "secret"}
		altered, err := adm.AlterUserSCRAMs(ctx, nil, []kadm.UpsertSCRAM{upsert})
		if err := first(err, altered.Error()); err != nil {
			return err
		}
		described, err := adm.DescribeUserSCRAMs(ctx, "kadm-user")
		if err := first(err, described.Error(), want("credentials", len(described["kadm-user"].CredInfos), 1)); err != nil {
			return err
		}
		deleted, err := adm.AlterUserSCRAMs(ctx, []kadm.DeleteSCRAM{{User: "kadm-user", Mechanism: kadm.ScramSha256}}, nil)
		return first(err, deleted.Error())
	})
	step("ACLs", func() error {
		builder := kadm.NewACLs().Topics("kadm-a").Allow("User:kadm-user").AllowHosts("*").Operations(kadm.OpRead, kadm.OpWrite).ResourcePatternType(kadm.ACLPatternLiteral)
		created, err := adm.CreateACLs(ctx, builder)
		if *user == "" {
			if err != nil {
				return err
			}
			return wantErr("without an authorizer it", created[0].Err, kerr.SecurityDisabled)
		}
		if err != nil {
			return err
		}
		described, err := adm.DescribeACLs(ctx, builder)
		if err != nil {
			return err
		}
		found := 0
		for _, d := range described {
			found += len(d.Described)
		}
		deleted, err := adm.DeleteACLs(ctx, builder)
		if err != nil {
			return err
		}
		gone := 0
		for _, d := range deleted {
			gone += len(d.Deleted)
		}
		return first(created[0].Err, want("ACLs", found, 2), want("deleted ACLs", gone, 2))
	})
	step("ListConfigResources", func() error {
		_, err := adm.ListConfigResources(ctx)
		return err
	})
	step("DeleteTopics", func() error {
		deleted, err := adm.DeleteTopics(ctx, "kadm-a", "kadm-b")
		if err := first(err, deleted.Error()); err != nil {
			return err
		}
		_, err = adm.DeleteTopic(ctx, "kadm-a")
		return wantErr("a topic that does not exist", err, kerr.UnknownTopicOrPartition)
	})
	if failed {
		os.Exit(1)
	}
}
