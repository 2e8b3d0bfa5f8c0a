"""CloudWatch's alarms as Terraform plans them, judged by what a CloudWatch answers about their metrics.

The rules: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html. CloudWatch looks at a few periods
more than it judges, for values that come late; here none does.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from tests.infra.terraform import Plan

KIND = "aws_cloudwatch_metric_alarm"
_BREACHES = {
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
}
_MISSING = {"breaching": True, "notBreaching": False}  # another word is no answer, and an error here
Series = Mapping[datetime, float]


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm: ``kind`` is its resource's name, ``queue`` whose it is (empty: of the stage), ``values`` what is planned."""

    kind: str
    queue: str
    values: Mapping[str, Any]

    @property
    def queries(self) -> list[Mapping[str, Any]]:
        """What it asks GetMetricData for: an element with ``expression`` or ``metric`` each."""
        if self.values["metric_query"]:
            return list(self.values["metric_query"])
        metric = {name: self.values[name] for name in ("namespace", "metric_name", "dimensions", "period")}
        return [{"id": "value", "return_data": True, "metric": [{**metric, "stat": self.values["statistic"]}]}]

    @property
    def metrics(self) -> dict[str, Mapping[str, Any]]:
        """Id -> metric, without the expression."""
        return {query["id"]: query["metric"][0] for query in self.queries if query["metric"]}

    @property
    def period(self) -> timedelta:
        """The length of the periods that it judges."""
        (seconds,) = {metric["period"] for metric in self.metrics.values()}
        return timedelta(seconds=seconds)

    def is_in_alarm(self, cloudwatch: Any, at: datetime) -> bool:
        """Whether it is in alarm at a time, so that many of its last periods breach the threshold."""
        count = self.values["evaluation_periods"]
        start = at - count * self.period
        series = self._judged({name: _ask(cloudwatch, metric, start, at) for name, metric in self.metrics.items()})
        breaches = [self._breaches(series.get(start + number * self.period)) for number in range(count)]
        return sum(breaches) >= (self.values["datapoints_to_alarm"] or count)

    def with_metrics(self, **changed: Any) -> "Alarm":
        """The same alarm on other metrics, as a slip of the pen would make it."""
        if not self.values["metric_query"]:
            return replace(self, values={**self.values, **changed})
        queries = [
            {**query, "metric": [{**metric, **changed} for metric in query["metric"]]}
            for query in self.values["metric_query"]
        ]
        return replace(self, values={**self.values, "metric_query": queries})

    def _judged(self, series: Mapping[str, Series]) -> Series:
        (query,) = [query for query in self.queries if query["return_data"]]
        if query["id"] in series:
            return series[query["id"]]
        used = {name for name in series if re.search(rf"\b{name}\b", query["expression"])}
        times = set.intersection(*(set(series[name]) for name in used))
        return {at: _evaluate(query["expression"], {name: series[name][at] for name in used}) for at in times}

    def _breaches(self, value: float | None) -> bool:
        if value is None:
            return _MISSING[self.values["treat_missing_data"]]
        return bool(_BREACHES[self.values["comparison_operator"]](value, self.values["threshold"]))


def alarms(plan: Plan) -> Iterator[Alarm]:
    """Every alarm of a plan."""
    for address, values in plan.of_type(KIND).items():
        found = re.fullmatch(rf'.*{KIND}\.(\w+)(?:\["(.*)"\])?', address)
        assert found is not None, address
        yield Alarm(found[1], found[2] or "", values)


def _ask(cloudwatch: Any, metric: Mapping[str, Any], start: datetime, end: datetime) -> Series:
    dimensions = [{"Name": name, "Value": value} for name, value in metric["dimensions"].items()]
    asked = {"Namespace": metric["namespace"], "MetricName": metric["metric_name"], "Dimensions": dimensions}
    stat = {"Metric": asked, "Period": metric["period"], "Stat": metric["stat"]}
    answer = cloudwatch.get_metric_data(
        MetricDataQueries=[{"Id": "value", "MetricStat": stat}], StartTime=start, EndTime=end
    )
    (result,) = answer["MetricDataResults"]
    return dict(zip(result["Timestamps"], result["Values"], strict=True))


def _evaluate(expression: str, values: Mapping[str, float]) -> float:
    """Metric math, as far as our alarms use it: arithmetic, comparisons, IF. moto's GetMetricData knows none."""

    def choose(condition: bool, then: float, otherwise: float) -> float:
        return then if condition else otherwise

    return float(eval(expression, {"__builtins__": {}, "IF": choose}, dict(values)))


def story(values: Sequence[float | None], end: datetime) -> Iterator[tuple[datetime, float]]:
    """Values minute by minute, the last in the minute before ``end``; None: nothing was counted in that minute."""
    for ago, value in enumerate(reversed(values), start=1):
        if value is not None:
            yield end - timedelta(minutes=ago), value
