"""Where traces go: an OTLP collector over HTTP, in the background. Needs the extra `otel`."""

from __future__ import annotations

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor


def provider(endpoint: str, tenant: str) -> TracerProvider:
    """Spans are sent in batches; what cannot be sent is dropped and holds nothing up."""
    made = TracerProvider(resource=Resource.create({"service.name": "linli", "linli.tenant": tenant}))
    made.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint, timeout=5)))
    return made
