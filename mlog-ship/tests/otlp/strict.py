"""Decodes requests with OpenTelemetry's own classes, and says what is in them, a record a line.

Standard input has requests: the letter p (protobuf) or j (JSON), the length in four bytes, big end first, and the body.
Anything that is not exactly as the classes would write it is an error.
"""

import json
import struct
import sys

from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest


def text(attributes):
    found = {}
    for attribute in attributes:
        assert attribute.key not in found, attribute.key
        kind = attribute.value.WhichOneof("value")
        found[attribute.key] = getattr(attribute.value, kind)
    return found


def main():
    source = sys.stdin.buffer
    while head := source.read(5):
        kind, length = struct.unpack(">cI", head)
        body = source.read(length)
        assert len(body) == length
        request = ExportLogsServiceRequest()
        if kind == b"p":
            request.ParseFromString(body)
            assert request.SerializeToString(deterministic=True) == body, "other bytes"
        else:
            json_format.Parse(body.decode("utf-8"), request)
        records = []
        for resource_logs in request.resource_logs:
            resource = text(resource_logs.resource.attributes)
            for scope_logs in resource_logs.scope_logs:
                assert scope_logs.scope.name == "mlog-ship"
                for record in scope_logs.log_records:
                    body_kind = record.body.WhichOneof("value")
                    value = getattr(record.body, body_kind)
                    value = value.encode("utf-8") if body_kind == "string_value" else value
                    attributes = text(record.attributes)
                    records.append([
                        resource["service.name"], resource["host.name"], record.time_unix_nano,
                        record.observed_time_unix_nano, record.severity_number, record.severity_text,
                        body_kind == "string_value", value.hex(), attributes["log.file.path"],
                        attributes["log.record.uid"], attributes.get("mlog.piece.number"),
                        attributes.get("mlog.piece.last"),
                    ])
        print(json.dumps(records))


main()
