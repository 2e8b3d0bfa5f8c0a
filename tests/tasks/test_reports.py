"""The task make_report against S3 (moto), and through the queue."""

import csv
import io
import math
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from penstock import Reject, Status
from penstock.queue_list import QueueList
from penstock.testing import sandbox
from tasks import make_report, tasks
from tasks.columns import COUNTERS, Column

ROOT = Path(__file__).parents[2]
CSV = "name,age,joined\nAda,36,1843-01-01\nBo,,2020-05-05\nAda,40,2021-01-01\n"


@pytest.fixture
def task_queue():
    with sandbox(tasks, QueueList.read(ROOT / "infra/terraform/queues.auto.tfvars.json").queues.values()) as box:
        yield box


@pytest.fixture
def report(bucket):
    """A report on some text."""

    def of(text: str | bytes, key: str = "table.csv") -> Any:
        bucket.put_object(Key=key, Body=text if isinstance(text, bytes) else text.encode())
        return make_report(key)

    return of


def column(cells: list[str]) -> Any:
    made = Column("c")
    made.add(cells)
    return made.statistics()


def test_the_columns_are_counted(report):
    result = report(CSV)
    assert (result.rows, [(c.name, c.count, c.empty) for c in result.columns]) == (
        3,
        [("name", 3, 0), ("age", 2, 1), ("joined", 3, 0)],
    )


def test_the_numbers_of_a_column_are_those_of_the_statistics_module(report):
    values = [math.sin(n) * 1e6 + 1e9 for n in range(1_000)]
    [found] = report("x\n" + "\n".join(map(repr, values))).columns
    assert (found.minimum, found.maximum) == (min(values), max(values))
    assert (found.mean, found.stdev) == pytest.approx((statistics.fmean(values), statistics.stdev(values)), rel=1e-12)


def test_the_numbers_are_the_same_in_chunks():
    values = [n * n % 1_000 / 7 for n in range(3_000)]
    made = Column("c")
    for start in range(0, 3_000, 70):
        made.add([repr(value) for value in values[start : start + 70]])
    assert made.statistics().stdev == pytest.approx(statistics.stdev(values), rel=1e-12)


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "-2", ""], "integer"),
        (["1", "2.5", "1e3"], "number"),
        (["true", "False"], "boolean"),
        (["2026-01-01", "2026-01-02T10:00:00"], "date"),
        (["1", "a"], "text"),
        (["1", "2026-01-01"], "text"),
        (["nan", "1"], "text"),
        (["1_000"], "text"),
        (["1e999"], "text"),
        (["", ""], "empty"),
    ],
)
def test_the_type_is_guessed(cells, kind):
    assert column(cells).type == kind


def test_a_later_chunk_can_change_the_type():
    made = Column("c")
    made.add(["1"])
    made.add(["one"])
    assert (made.statistics().type, made.statistics().mean) == ("text", None)


def test_one_number_has_no_deviation():
    assert (column(["5"]).mean, column(["5"]).stdev) == (5.0, None)


def test_numbers_near_the_largest_float_give_none_instead_of_infinity():
    found = column(["1e308"] * 10)
    assert (found.maximum, found.mean, found.stdev) == (1e308, None, None)


def test_few_distinct_values_are_counted_exactly():
    found = column(["a"] * 3 + ["b"] * 2 + [""])
    assert ([(f.value, f.count) for f in found.frequent], found.undercount) == ([("a", 3), ("b", 2)], 0)


def test_a_frequent_value_is_found_among_many_and_its_count_is_within_the_bound():
    made = Column("c")
    for chunk in range(20):
        made.add([f"rare {chunk} {n}" for n in range(1_000)] + ["often"] * 100)
    first = made.statistics().frequent[0]
    assert first.value == "often"
    assert 2_000 - made.statistics().undercount <= first.count <= 2_000
    assert made.statistics().undercount <= 22_000 / (COUNTERS + 1)


def test_a_long_value_is_counted_by_its_beginning():
    assert column(["x" * 500]).frequent[0].value == "x" * 100 + "…"


def test_the_chart_is_an_svg_in_the_bucket(bucket, report):
    stored = bucket.Object(report(CSV).chart).get()
    assert stored["ContentType"] == "image/svg+xml"
    assert ElementTree.parse(stored["Body"]).getroot().tag == "{http://www.w3.org/2000/svg}svg"


def test_the_chart_holds_no_markup_of_the_file(bucket, report):
    chart = report('"<script>alert(1)</script>",b\n\x01\x0b&<x>,"\ufffe"\n').chart
    text = bucket.Object(chart).get()["Body"].read().decode()
    assert "<script" not in text
    ElementTree.fromstring(text)


def test_the_chart_of_many_columns_says_how_many_it_leaves_out(bucket, report):
    header, row = ",".join(f"c{n}" for n in range(60)), ",".join(["1"] * 60)
    text = bucket.Object(report(f"{header}\n{row}\n").chart).get()["Body"].read().decode()
    assert "and 20 more columns" in text


def test_a_second_run_writes_the_same_keys(bucket, report):
    assert report(CSV) == report(CSV)
    assert sorted(item.key for item in bucket.objects.all()) == ["reports/table.csv/chart.svg", "table.csv"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_read_off_the_header(report, delimiter):
    assert [c.name for c in report(CSV.replace(",", delimiter)).columns] == ["name", "age", "joined"]


@pytest.mark.parametrize(
    "text", ["\ufeffa,b\n1,2\n", "a,b\r\n1,2\r\n", "a,b\r1,2", "\n\na,b\n\n1,2\n\n", '"a","b"\n1,2']
)
def test_the_usual_variants_are_read(report, text):
    result = report(text)
    assert ([c.name for c in result.columns], result.rows) == (["a", "b"], 1)


def test_a_cell_may_hold_line_breaks(report):
    result = report('a,b\n"one\ntwo",2\n')
    assert result.columns[0].frequent[0].value == "one\ntwo"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the file is empty"),
        ("\n\n", "the file is empty"),
        ("a,b\n", "line 1: there are no rows"),
        ("1,2\n3,4\n", "line 1: there is no header"),
        ("a,,c\n1,2,3\n", "line 1: column 2 of the header has no name"),
        ("a,a\n1,2\n", "line 1: two columns of the header are named 'a'"),
        ("a,b\n1,2\n1,2,3\n", "line 3: the row has 3 cells, the header 2"),
        ('a,b\n1,2\n"open,2\n', "line 3: it is not CSV"),
        ("a,b\n1,2\nx\xe9,2\n".encode("latin-1"), "line 3: byte 0xe9 is not UTF-8"),
        ("a,b\n1,2\n".encode("utf-16"), "line 1: byte 0xff is not UTF-8"),
        ("a" * 1_000_001, "line 1: it has 1,000,000 characters or more"),
        (",".join(f"c{n}" for n in range(501)) + "\n", "line 1: the header has 501 columns"),
    ],
)
def test_a_bad_file_is_rejected_with_the_line(report, text, says):
    with pytest.raises(Reject, match=says) as rejected:
        report(text)
    assert rejected.value.discard


@pytest.mark.parametrize("line", [2, 1_000, 54_321])
def test_the_line_of_a_bad_byte_is_right_far_into_the_file(report, line):
    lines = [b"a,b", *[b"%d,text" % n for n in range(60_000)]]
    lines[line - 1] = b"1,\xff"
    with pytest.raises(Reject, match=f"^line {line}: byte 0xff"):
        report(b"\n".join(lines))


def test_a_file_that_is_not_there_can_be_redriven(bucket):
    with pytest.raises(Reject, match="upload it and redrive") as rejected:
        make_report("nothing.csv")
    assert not rejected.value.discard


def test_progress_counts_bytes(bucket, progress, report):
    text = "number,text\n" + "1,abc\n" * 100_000
    report(text)
    assert len(progress) > 2
    assert (progress[-1].done, progress[-1].total, progress[-1].note) == (len(text), len(text), "100,000 rows")


def test_through_the_queue_a_report_outlives_a_killed_worker(bucket, task_queue):
    bucket.put_object(Key="table.csv", Body=CSV.encode())
    make_report.enqueue("table.csv")
    task_queue.kill_after("run")
    [result] = task_queue.drain()
    assert (result.status, result.attempts, result.return_value.rows) == (Status.SUCCEEDED, 2, 3)


def test_through_the_queue_s3_that_goes_away_is_retried(bucket, task_queue):
    bucket.put_object(Key="table.csv", Body=CSV.encode())
    task_queue.fail_next(make_report, error=ConnectionError("S3 is away"))
    make_report.enqueue("table.csv")
    assert task_queue.drain()[0].status is Status.SUCCEEDED


def test_through_the_queue_a_bad_file_is_failed_after_one_attempt(bucket, task_queue):
    bucket.put_object(Key="bad.csv", Body=b"a,b\n1\n")
    make_report.enqueue("bad.csv")
    [result] = task_queue.drain()
    assert (result.status, result.attempts, task_queue.dead_letters("reports")) == (Status.FAILED, 1, 0)
    assert result.error is not None
    assert result.error.message == "line 2: the row has 1 cells, the header 2"


# In a process of its own, whose peak is that of this file alone. The million rows are never in one place.
MILLION = """
import resource, sys, time
from pathlib import Path
from tasks import reports
from tasks.storage import Stream

def chunks():
    yield b"id,name,price,when,city,note\\n"
    for start in range(0, 1_000_000, 1_000):
        yield b"".join(
            b"%d,customer %d,%d.%02d,2026-01-%02d,city %d,some words of a note\\n"
            % (n, n, n % 1000, n % 100, n % 28 + 1, n % 50) for n in range(start, start + 1_000))

table = reports._Table(reports._Source(Stream(1 << 40, chunks())))
rows = table.read()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 * 1024 if sys.platform == "darwin" else 1024)
if Path("/proc/self/status").exists():  # Linux counts in what this process was before its exec: a copy of pytest
    peak = int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) // 1024
print(rows, peak, round(time.process_time(), 1), table.columns[0].statistics().mean)
"""


@pytest.mark.timeout(300)
def test_a_million_rows_take_less_than_300_megabytes():
    done = subprocess.run(
        [sys.executable, "-c", MILLION], cwd=ROOT, env={**os.environ}, capture_output=True, text=True, check=True
    )
    rows, megabytes, cpu_seconds, mean = done.stdout.split()
    print(f"{megabytes} MB, {cpu_seconds} s of CPU")
    assert (int(rows), float(mean)) == (1_000_000, pytest.approx(499_999.5))
    assert int(megabytes) < 300


def test_what_the_csv_module_writes_is_what_is_read(report):
    rows = [["a", "b"], ['quote " comma, line\nbreak', "x"], ["  spaces ", "'"]]
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    result = report(file.getvalue())
    assert [f.value for f in result.columns[0].frequent] == [rows[1][0], rows[2][0]]
