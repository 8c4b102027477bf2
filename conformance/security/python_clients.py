"""Two of Python's clients with TLS and SASL: reads cases as JSON from stdin, prints one line of JSON a case.

A case is {name, client, settings, topic}: `client` is "kafka-python" or "librdkafka" (confluent-kafka). What it says: "accepted", once a
topic was made and a record was written and read, or what the client says of its refusal.
"""

import base64
import json
import logging
import sys
import threading
import time

logging.disable(logging.CRITICAL)


def token_of(claims):
    """An unsigned token, as Kafka's own `OAuthBearerUnsecuredLoginCallbackHandler` makes it."""
    part = lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
    now = time.time()
    return "%s.%s." % (part({"alg": "none"}), part({"iat": now, "exp": now + 300, **claims}))


def kafka_python(topic, settings):
    from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
    from kafka.admin import NewTopic
    from kafka.oauth.abstract import AbstractTokenProvider

    class Tokens(AbstractTokenProvider):
        def __init__(self, claims):
            self.claims = claims

        def token(self):
            return token_of(self.claims)

    claims = settings.pop("claims", None)
    if claims is not None:
        settings["sasl_oauth_token_provider"] = Tokens(claims)
    admin = KafkaAdminClient(request_timeout_ms=8000, **settings)
    admin.create_topics([NewTopic(topic, 1, 1)])
    producer = KafkaProducer(**settings)
    producer.send(topic, b"seen").get(8)
    consumer = KafkaConsumer(topic, auto_offset_reset="earliest", consumer_timeout_ms=8000, **settings)
    assert next(consumer).value == b"seen"
    for it in (admin, producer, consumer):
        it.close()


def librdkafka(topic, settings):
    from confluent_kafka import Consumer, KafkaError, Producer
    from confluent_kafka.admin import AdminClient, NewTopic

    said = []
    claims = settings.pop("claims", None)
    if claims is not None:
        settings["oauth_cb"] = lambda _: (token_of(claims), time.time() + 300)
    settings["error_cb"] = lambda error: said.append("%s: %s" % (error.name(), error.str()))
    admin = AdminClient(settings)
    try:
        for future in admin.create_topics([NewTopic(topic, 1, 1)], operation_timeout=6, request_timeout=6).values():
            future.result(8)
    except Exception as error:
        admin.poll(0.2)
        raise Exception("; ".join([*said, str(error)]))
    producer = Producer(settings)
    producer.produce(topic, b"seen")
    assert producer.flush(8) == 0, said
    consumer = Consumer({**settings, "group.id": topic, "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    end = time.time() + 15
    while time.time() < end:
        message = consumer.poll(1)
        if message is not None and message.error() is None:
            assert message.value() == b"seen"
            consumer.close()
            return
    raise Exception("nothing was read: %s" % said)


# A line and its end are two writes.
telling = threading.Lock()


def run(case):
    try:
        {"kafka-python": kafka_python, "librdkafka": librdkafka}[case["client"]](case["topic"], case["settings"])
        outcome = "accepted"
    except Exception as error:
        outcome = ("%s: %s" % (type(error).__name__, error))[:400]
    with telling:
        print(json.dumps({"name": case["name"], "outcome": outcome}), flush=True)


threads = [threading.Thread(target=run, args=(case,)) for case in json.load(sys.stdin)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
