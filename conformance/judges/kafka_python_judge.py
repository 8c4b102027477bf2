"""kafka-python 2.0.2 against a broker: prints a line of JSON a check. Each check is what a program that uses it today does."""

import json
import subprocess
import sys
import time
import traceback

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.admin import NewTopic

BROKERS = sys.argv[1].split(",")
MEMBER = len(sys.argv) > 2
COUNT = 300
WITHIN_S = 60


def member(topic, group, name):
    """A member of a group in a process of its own: prints what it did, and commits after each poll."""
    consumer = KafkaConsumer(topic, bootstrap_servers=BROKERS, group_id=group, client_id=name, auto_offset_reset="earliest",
                             enable_auto_commit=False, session_timeout_ms=6000, heartbeat_interval_ms=500, max_poll_records=10)
    while True:
        for partition, records in consumer.poll(200).items():
            for record in records:
                print(partition.partition, record.offset, flush=True)
            consumer.commit()


def check(name, act):
    try:
        act()
        print(json.dumps({"name": name, "ok": True}), flush=True)
    except Exception:
        print(json.dumps({"name": name, "ok": False, "text": traceback.format_exc()[-800:]}), flush=True)


def produce(topic, codec=None):
    producer = KafkaProducer(bootstrap_servers=BROKERS, compression_type=codec, acks="all", linger_ms=20)
    futures = [producer.send(topic, key=b"key-%d" % (i % 20), value=b"value-%d" % i, headers=[("n", b"%d" % i)], timestamp_ms=1_000_000 + i)
               for i in range(COUNT)]
    offsets = [future.get(WITHIN_S).offset for future in futures]
    producer.close()
    return offsets


def read(topic, group=None, count=COUNT, commit=False):
    consumer = KafkaConsumer(topic, bootstrap_servers=BROKERS, group_id=group, auto_offset_reset="earliest", enable_auto_commit=False,
                             consumer_timeout_ms=15000)
    seen = []
    for record in consumer:
        seen.append(record)
        if commit:
            consumer.commit({TopicPartition(topic, record.partition): OffsetAndMetadata(record.offset + 1, "by hand")})
        if len(seen) == count:
            break
    consumer.close(autocommit=False)
    return seen


def equal(found, wanted):
    if found != wanted:
        raise AssertionError("found %r, must be %r" % (found, wanted))


def codecs(codec):
    topic = "python-" + str(codec)
    admin.create_topics([NewTopic(topic, 3, 1)])
    produce(topic, codec)
    equal(sorted(r.value for r in read(topic)), sorted(b"value-%d" % i for i in range(COUNT)))


def resume():
    first = read("python-None", "python-group", 100, commit=True)
    second = read("python-None", "python-group", COUNT - 100, commit=True)
    equal(len({r.value for r in first + second}), COUNT)
    offsets = admin.list_consumer_group_offsets("python-group")
    equal(sum(o.offset for o in offsets.values()), COUNT)
    equal({o.metadata for o in offsets.values()}, {"by hand"})


def seek():
    consumer = KafkaConsumer(bootstrap_servers=BROKERS, consumer_timeout_ms=15000)
    partition = TopicPartition("python-gzip", 0)
    consumer.assign([partition])
    for offset in (5, 0, 2):
        consumer.seek(partition, offset)
        equal(next(consumer).offset, offset)
    consumer.seek_to_end(partition)
    equal(consumer.position(partition), consumer.end_offsets([partition])[partition])
    consumer.close()


def by_time():
    consumer = KafkaConsumer(bootstrap_servers=BROKERS, consumer_timeout_ms=15000)
    for p in range(3):
        partition = TopicPartition("python-None", p)
        found = consumer.offsets_for_times({partition: 1_000_150})[partition]
        consumer.assign([partition])
        consumer.seek_to_beginning(partition)
        wanted = next(r for r in consumer if r.timestamp >= 1_000_150)
        equal((found.offset, found.timestamp), (wanted.offset, wanted.timestamp))
        equal(consumer.offsets_for_times({partition: 9_000_000_000_000})[partition], None)
    consumer.close()


def three_one_killed():
    topic = "python-three"
    admin.create_topics([NewTopic(topic, 6, 1)])
    command = [sys.executable, __file__, sys.argv[1], topic, "python-three-group"]
    logs = [open("%s/%d" % (FOLDER, i), "w+") for i in range(3)]
    members = [subprocess.Popen([*command, "m%d" % i], stdout=logs[i]) for i in range(3)]
    try:
        end = time.time() + WITHIN_S
        while time.time() < end:
            group = admin.describe_consumer_groups(["python-three-group"])[0]
            if (group.state, len(group.members)) == ("Stable", 3):
                break
            time.sleep(0.2)
        said = lambda i: set(open("%s/%d" % (FOLDER, i)).read().split("\n")[:-1])
        produce(topic)
        while not all(said(i) for i in range(3)) and time.time() < end:
            time.sleep(0.2)
        equal([i for i in range(3) if not said(i)], [])
        members[0].kill()
        produce(topic)
        seen = set()
        while len(seen) < 2 * COUNT and time.time() < end:
            time.sleep(0.2)
            seen = said(0) | said(1) | said(2)
        equal(len(seen), 2 * COUNT)
    finally:
        for process in members:
            process.kill()
            process.wait()


if MEMBER:
    member(*sys.argv[2:])
else:
    import tempfile

    admin = KafkaAdminClient(bootstrap_servers=BROKERS)
    for codec in (None, "gzip", "snappy", "lz4", "zstd"):
        check("produces and reads back with %s" % codec, lambda codec=codec: codecs(codec))
    check("consumes in a group, commits with metadata, and resumes where it stopped", resume)
    check("seeks", seek)
    check("finds offsets by time", by_time)
    with tempfile.TemporaryDirectory() as FOLDER:
        check("three members share six partitions, one is killed, nothing is lost", three_one_killed)
    admin.close()
