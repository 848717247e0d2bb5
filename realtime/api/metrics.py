"""Metrics: the server's figures in Prometheus's text format. docs/metrics.md has a row for each.

Nothing is measured here: what the meter counts, and what the hub and the files are just now, is read when somebody
comes by. Labels are words of the code (events, results, kinds), never a user, an address or a text. A registry for each
server, so that two in one process tell of themselves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from realtime.api.campus import Campus
from realtime.api.histogram import Histogram
from realtime.version import VERSION

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
STATUS_CLASSES = (1, 2, 3, 4, 5)


class Metrics:
    """One server's figures, as a page."""

    def __init__(self, campus: Campus) -> None:
        self._ours, self._python = CollectorRegistry(auto_describe=False), CollectorRegistry(auto_describe=False)
        self._ours.register(Figures(campus))
        for kind in (ProcessCollector, PlatformCollector, GCCollector):
            kind(registry=self._python)

    async def page(self) -> bytes:
        """The text, of this moment."""
        # On a thread, and nothing of ours: to count 10,000 descriptors takes 25 ms.
        python = await asyncio.to_thread(generate_latest, self._python)
        return generate_latest(self._ours) + python


class Figures(Collector):
    """What is of this program; what any Python process has comes from the library."""

    def __init__(self, campus: Campus) -> None:
        self._campus = campus

    def collect(self) -> Iterator[Metric]:
        """Every family, once a scrape."""
        yield _gauge("realtime_info", "The version that runs.", {VERSION: 1}, "version")
        yield from self._streams()
        yield from self._events()
        yield from self._requests()
        yield from self._database()

    def _streams(self) -> Iterator[Metric]:
        hub = self._campus.hub
        lagged = hub.lagged + sum(subscriber.lagged for subscriber in hub.streams.values())
        yield GaugeMetricFamily("realtime_streams", "Open streams, polls that wait included.", len(hub.streams))
        yield GaugeMetricFamily(
            "realtime_users_online", "Users who count as online.", len(self._campus.presence.online())
        )
        yield CounterMetricFamily("realtime_streams_opened", "Streams that were opened.", hub.opened)
        yield CounterMetricFamily(
            "realtime_streams_lagged", "How often a stream was too slow and was told again from the log.", lagged
        )
        yield GaugeMetricFamily("realtime_streams_slow", "Streams that have something to wait for.", len(hub.slow))
        yield GaugeMetricFamily(
            "realtime_queued_bytes",
            "What waits for slow streams, without the kernel's buffers.",
            sum(subscriber.queued_bytes for subscriber in hub.slow),
        )

    def _events(self) -> Iterator[Metric]:
        meter = self._campus.meter
        yield _counter("realtime_events", "Stored events that were told, by name.", meter.events, "event")
        yield _histogram("realtime_loop_lag_seconds", "How late the loop came to its tick, once a second.", meter.lags)

    def _requests(self) -> Iterator[Metric]:
        meter = self._campus.meter
        answers = {f"{number}xx": meter.answers[number] for number in STATUS_CLASSES}
        logins = {"right": meter.logins[True], "wrong": meter.logins[False]}
        yield GaugeMetricFamily("realtime_requests", "Requests that are being answered.", len(self._campus.requests))
        yield _counter(
            "realtime_answers", "Answers, by the class of their status; open streams apart.", answers, "status"
        )
        yield _counter("realtime_refusals", "Refused by a limit, by kind.", self._campus.limits.refused, "kind")
        yield _counter("realtime_logins", "Tries to log in.", logins, "result")

    def _database(self) -> Iterator[Metric]:
        file_bytes, wal_bytes = self._campus.database.sizes_bytes()
        yield _histogram(
            "realtime_commit_seconds",
            "Commits, the way to the writer's thread and back included.",
            self._campus.meter.commits,
        )
        yield GaugeMetricFamily("realtime_database_bytes", "The size of the database's file.", file_bytes)
        yield GaugeMetricFamily("realtime_wal_bytes", "The size of its write-ahead log.", wal_bytes)


def _counter(name: str, what: str, counts: Mapping[str, int], label: str) -> Metric:
    return _labelled(CounterMetricFamily(name, what, labels=[label]), counts.items())


def _gauge(name: str, what: str, values: Mapping[str, int], label: str) -> Metric:
    return _labelled(GaugeMetricFamily(name, what, labels=[label]), values.items())


def _labelled(
    family: CounterMetricFamily | GaugeMetricFamily, values: Iterable[tuple[str, int]]
) -> CounterMetricFamily | GaugeMetricFamily:
    for word, value in values:
        family.add_metric([word], value)
    return family


def _histogram(name: str, what: str, found: Histogram) -> Metric:
    return HistogramMetricFamily(name, what, buckets=found.cumulative(), sum_value=found.sum_s)
