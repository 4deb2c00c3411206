"""What Prometheus reads at /metrics. Labels are channels and names of events, never people or texts."""

from __future__ import annotations

import asyncio
from datetime import datetime
from threading import Thread
from wsgiref.simple_server import WSGIServer

from prometheus_client import Counter, Gauge, Histogram, start_http_server

from bot.logs import EventLog
from storage.gauges import Gauges
from storage.tx import Tx

RECEIVED = Counter("linli_updates_received_total", "Updates stored, repeats included", ["channel"])
FAILED = Counter("linli_updates_failed_total", "Tries to handle an update that failed", ["channel"])
ANSWERED = Histogram("linli_receipt_to_answer_seconds", "From the stored receipt to the committed answer", ["channel"])
SENT = Counter("linli_messages_sent_total", "Messages a platform took", ["channel"])
REFUSED = Counter("linli_messages_refused_total", "Messages a platform did not take", ["channel", "reason"])
TIMERS = Counter("linli_timers_fired_total", "Timers that went off", ["name"])
OUTBOX = Gauge("linli_outbox_waiting", "Messages waiting to be sent")
DEAD = Gauge("linli_outbox_dead", "Messages that could not be sent")
EVENTS = Counter("linli_events_total", "Events committed to the ledger", ["name"])
CLAIMS = Counter("linli_claims_total", "Records claimed")
LIMITED = Counter("linli_limits_hit_total", "Times a person or a group was asked to wait a minute", ["kind"])
BUSY = Counter("linli_busy_total", "Requests answered 503 because too much waits")
TRANSACTIONS = Counter("linli_transactions_total", "Transactions committed")
AGAIN = Counter("linli_transaction_retries_total", "Transactions that lost against another and were begun anew")
BACKLOG = Gauge("linli_updates_waiting", "Updates stored and not handled")
BACKLOG_AGE = Gauge("linli_updates_oldest_seconds", "Age of the oldest of them")
LANE = Gauge("linli_outbox_lane_waiting", "Messages waiting to be sent", ["lane"])
LANE_AGE = Gauge("linli_outbox_lane_oldest_seconds", "For how long the oldest of them should have been sent", ["lane"])
PENDING = Gauge("linli_timers_waiting", "Timers that will go off, overdue ones included")
OVERDUE = Gauge("linli_timers_overdue", "Timers that should have gone off")
LATE = Gauge("linli_records_overdue", "Open records past their time")
SIZE = Gauge("linli_database_bytes", "Size of the database")
READY = Gauge("linli_ready", "1 when /readyz says yes")


class Watch:
    """Counts transactions and what they put into the ledger; satisfies `storage.tx.Watcher`."""

    def __init__(self, said: asyncio.Event | None = None) -> None:
        """`said` is set whenever something new waits in the outbox."""
        self._log = EventLog()
        self._said = said

    def committed(self, tx: Tx) -> None:
        """It is saved."""
        TRANSACTIONS.inc()
        if tx.says and self._said is not None:
            self._said.set()
        if not tx.written:
            return
        for event in tx.written:
            name = event["name"]
            EVENTS.labels(name).inc()
            if name == "request.claimed":
                CLAIMS.inc()
            elif name.endswith(".slowed"):
                LIMITED.labels("press" if event["data"].get("press") else event["subject"]).inc()
        self._log.write(tx.written)

    def again(self) -> None:
        """It is begun anew."""
        AGAIN.inc()


def show(gauges: Gauges, size: int, now: datetime) -> None:
    """Takes over one look at the database."""
    BACKLOG.set(gauges.backlog.waiting)
    BACKLOG_AGE.set(_age(gauges.backlog.oldest_at, now))
    for lane, (waiting, oldest_at) in gauges.lanes.items():
        LANE.labels(lane).set(waiting)
        LANE_AGE.labels(lane).set(_age(oldest_at, now))
    OUTBOX.set(sum(waiting for waiting, _ in gauges.lanes.values()))
    DEAD.set(gauges.dead)
    PENDING.set(gauges.timers_waiting)
    OVERDUE.set(gauges.timers_overdue)
    LATE.set(gauges.records_overdue)
    SIZE.set(size)


def listen(port: int) -> tuple[WSGIServer, Thread]:
    """Answers on this machine only, for a process without a web side. Whoever starts it shuts it down."""
    return start_http_server(port, addr="127.0.0.1")


def _age(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())
