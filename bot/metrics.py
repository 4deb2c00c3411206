"""What Prometheus reads at /metrics. Labels are channels and names of events, never people or texts."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

RECEIVED = Counter("linli_updates_received_total", "Updates stored, repeats included", ["channel"])
FAILED = Counter("linli_updates_failed_total", "Tries to handle an update that failed", ["channel"])
ANSWERED = Histogram("linli_receipt_to_answer_seconds", "From the stored receipt to the committed answer", ["channel"])
SENT = Counter("linli_messages_sent_total", "Messages a platform took", ["channel"])
REFUSED = Counter("linli_messages_refused_total", "Messages a platform did not take", ["channel", "reason"])
TIMERS = Counter("linli_timers_fired_total", "Timers that went off", ["name"])
OUTBOX = Gauge("linli_outbox_waiting", "Messages waiting to be sent")
DEAD = Gauge("linli_outbox_dead", "Messages that could not be sent")
