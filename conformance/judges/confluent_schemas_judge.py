"""Writes records with Confluent's serializers, and prints what a reader has to find: a line of JSON a topic."""

import datetime
import decimal
import importlib
import json
import os
import sys
import tempfile

from confluent_kafka import Producer
from confluent_kafka.schema_registry import SchemaRegistryClient, header_schema_id_serializer
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from grpc_tools import protoc

broker, url, files, has_guids = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), sys.argv[4] == "guids"
registry = SchemaRegistryClient({"url": url})
producer = Producer({"bootstrap.servers": broker})


def write(topic, serializer, pairs):
    for value, _ in pairs:
        headers = []
        data = serializer(value, SerializationContext(topic, MessageField.VALUE, headers))
        producer.produce(topic, value=data, headers=headers, partition=0)
    producer.flush(30)
    print(json.dumps({"topic": topic, "values": [shown for _, shown in pairs]}), flush=True)


AVRO = {
    "type": "record",
    "name": "Order",
    "namespace": "shop",
    "fields": [
        {"name": "id", "type": "long"},
        {"name": "note", "type": ["null", "string"], "default": None},
        {"name": "either", "type": ["null", "string", "long"]},
        {"name": "raw", "type": "bytes"},
        {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 3}},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {"name": "day", "type": {"type": "int", "logicalType": "date"}},
        {"name": "state", "type": {"type": "enum", "name": "State", "symbols": ["NEW", "PAID"]}},
        {"name": "counts", "type": {"type": "map", "values": "int"}},
        {"name": "parts", "type": {"type": "array", "items": "Order"}},
    ],
}


def order(note, either, parts):
    return {
        "id": -(2**63),
        "note": note,
        "either": either,
        "raw": b"\x00\xff",
        "price": decimal.Decimal("-12.345"),
        "at": datetime.datetime(2026, 11, 22, 14, 0, 0, 250001, tzinfo=datetime.timezone.utc),
        "day": datetime.date(1969, 7, 20),
        "state": "PAID",
        "counts": {"a": 1},
        "parts": parts,
    }


def shown_order(note, either, parts):
    return {
        "id": "-9223372036854775808",
        "note": note,
        "either": either,
        "raw": "AP8=",
        "price": "-12.345",
        "at": "2026-11-22T14:00:00.250001Z",
        "day": "1969-07-20",
        "state": "PAID",
        "counts": {"a": 1},
        "parts": parts,
    }


avro_pairs = [
    (order("ä", 7, []), shown_order("ä", {"long": 7}, [])),
    (order(None, "x", [order(None, None, [])]), shown_order(None, {"string": "x"}, [shown_order(None, None, [])])),
]
write("avro", AvroSerializer(registry, json.dumps(AVRO)), avro_pairs)
if has_guids:
    write(
        "avro-with-the-id-in-a-header",
        AvroSerializer(registry, json.dumps(AVRO), conf={"schema.id.serializer": header_schema_id_serializer}),
        avro_pairs,
    )

SCHEMA = {"$schema": "http://json-schema.org/draft-07/schema#", "title": "Order", "type": "object"}
write("json-schema", JSONSerializer(json.dumps(SCHEMA), registry), [({"id": 7, "tags": ["a"]}, {"id": 7, "tags": ["a"]})])

folder = tempfile.mkdtemp()
for name, text in files.items():
    with open(os.path.join(folder, name), "w") as file:
        file.write(text)
include = os.path.join(os.path.dirname(protoc.__file__), "_proto")
if protoc.main(["protoc", f"-I{folder}", f"-I{include}", f"--python_out={folder}", *files]) != 0:
    raise SystemExit("protoc failed")
sys.path.insert(0, folder)
pb = importlib.import_module("order_pb2")
message = pb.Order(id=-(2**63), counts={"a": -1}, state=pb.Order.PAID, firm="f", big=2**64 - 1)
message.total.units = 5
message.at.FromJsonString("2026-11-22T14:00:00.250Z")
message.lines.add(sku="s", raw=b"\x00\xff", ratio=0.1)
shown = {
    "id": "-9223372036854775808",
    "total": {"units": 5},
    "at": "2026-11-22T14:00:00.250Z",
    "lines": [{"sku": "s", "raw": "AP8=", "ratio": 0.1}],
    "counts": {"a": -1},
    "state": "PAID",
    "firm": "f",
    "big": "18446744073709551615",
}
empty = {"id": 0, "lines": [], "counts": {}, "state": "NEW"}
conf = {"use.deprecated.format": False}
write("protobuf", ProtobufSerializer(pb.Order, registry, conf), [(message, shown), (pb.Order(), empty)])
write("protobuf-first-message", ProtobufSerializer(pb.First, registry, conf), [(pb.First(unused="x"), {"unused": "x"})])
write("protobuf-nested-message", ProtobufSerializer(pb.Order.Line, registry, conf), [(pb.Order.Line(sku="x"), {"sku": "x", "raw": "", "ratio": 0})])
if has_guids:
    write(
        "protobuf-with-the-id-in-a-header",
        ProtobufSerializer(pb.Order, registry, {**conf, "schema.id.serializer": header_schema_id_serializer}),
        [(message, shown)],
    )
