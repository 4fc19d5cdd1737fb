#!/usr/bin/env python3
"""Writes a batch of lines to Kafka. For mlog-ship: exec:'kafka.py BROKERS TOPIC'

Each line is a message. Its key is host and service, so the lines of a directory are in one partition, in order. The
headers say which batch it is of and which line of it, by which a reader can leave out what came twice.
The exit code is 0 only when the brokers have acknowledged every line.
"""

import os
import sys

from confluent_kafka import Producer


def main():
    brokers, topic = sys.argv[1:]
    of = {name: os.environ["SHIP_" + name] for name in ("INSTANCE", "DIRECTORY", "NUMBER", "CRC", "HOST", "SERVICE")}
    batch = "{INSTANCE} {NUMBER} {CRC} {DIRECTORY}".format(**of).encode("utf-8", "surrogateescape")
    key = "{HOST}/{SERVICE}".format(**of).encode("utf-8", "surrogateescape")
    failed = []
    producer = Producer({
        "bootstrap.servers": brokers,
        "enable.idempotence": True,
        "compression.type": "zstd",
        "linger.ms": 5,
        "message.timeout.ms": 45000,
    })

    def delivered(error, _message):
        if error is not None:
            failed.append(error)

    lines = sys.stdin.buffer.read().removesuffix(b"\n").split(b"\n")
    for number, line in enumerate(lines):
        headers = [("batch", batch), ("line", str(number).encode())]
        while True:
            try:
                producer.produce(topic, line, key, headers=headers, on_delivery=delivered)
                break
            except BufferError:
                producer.poll(1)
        producer.poll(0)
    left = producer.flush(50)
    if failed or left:
        sys.exit(f"kafka.py: {len(failed) + left} of {len(lines)} lines are not delivered: {(failed or [''])[0]}")


main()
